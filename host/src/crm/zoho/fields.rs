//! Zoho's fields: which are asked for, and what they are called here.

use serde_json::Value;

use crate::crm::person::{Person, Words, person};
use crate::domain::JsonMap;

/// The fields of a page of records: at most 50 may be named ("fields: mandatory, maximum 50", Zoho CRM docs,
/// Get Records).
pub(super) fn selected(module: &str) -> &'static str {
    match module {
        "Leads" => {
            "Email,Secondary_Email,First_Name,Last_Name,Company,Designation,Phone,Mobile,Website,Industry,City,\
             State,Country,Lead_Status,Lead_Source,Owner,Email_Opt_Out,Created_Time,Modified_Time"
        }
        "Contacts" => {
            "Email,Secondary_Email,First_Name,Last_Name,Account_Name,Title,Department,Phone,Mobile,\
             Mailing_City,Mailing_State,Mailing_Country,Lead_Source,Owner,Email_Opt_Out,Created_Time,\
             Modified_Time"
        }
        "Deals" => {
            "Deal_Name,Stage,Pipeline,Amount,Closing_Date,Probability,Contact_Name,Account_Name,Owner,\
             Created_Time,Modified_Time"
        }
        "Events" => {
            "Event_Title,Start_DateTime,End_DateTime,Venue,Who_Id,What_Id,Participants,Owner,Created_Time,\
             Modified_Time"
        }
        "Calls" => {
            "Subject,Call_Type,Call_Start_Time,Call_Duration,Call_Result,Outgoing_Call_Status,Who_Id,What_Id,\
             Owner,Created_Time,Modified_Time"
        }
        _ => "Subject,Status,Due_Date,Description,Who_Id,What_Id,Owner,Created_Time,Modified_Time",
    }
}

const WORDS: Words = Words {
    emails: &["Email", "Secondary_Email"],
    names: &[
        ("First_Name", "first_name"),
        ("Last_Name", "last_name"),
        ("Designation", "job_title"),
        ("Title", "job_title"),
        ("Department", "department"),
        ("Phone", "phone"),
        ("Mobile", "mobile_phone"),
        ("Website", "website"),
        ("Industry", "industry"),
        ("City", "city"),
        ("State", "state"),
        ("Country", "country"),
        ("Mailing_City", "city"),
        ("Mailing_State", "state"),
        ("Mailing_Country", "country"),
        ("Lead_Status", "lead_status"),
        ("Lead_Source", "source"),
        ("Owner.id", "owner_id"),
    ],
    time_zone: &[],
    locale: &[],
    account_id: &["Account_Name.id"],
    account_name: &["Company", "Account_Name.name"],
    opted_out: &["Email_Opt_Out"],
    skip: &[
        "id",
        "Full_Name",
        "Created_Time",
        "Modified_Time",
        "Last_Activity_Time",
        "Change_Log_Time__s",
        "Last_Enriched_Time__s",
        "Record_Status__s",
        "Description",
    ],
};

/// A lead or a contact by what changed of it; an emptied field is null.
pub(super) fn person_of(id: &str, record: &JsonMap) -> Person {
    let mut flat = record.clone();
    // `$approved`, `$editable`, ...: of the user who asks, not of the person.
    flat.retain(|name, _| !name.starts_with('$'));
    for (field, part) in [
        ("Owner", "id"),
        ("Account_Name", "id"),
        ("Account_Name", "name"),
    ] {
        if let Some(value) = record.get(field).and_then(|value| value.get(part)) {
            flat.insert(format!("{field}.{part}"), value.clone());
        }
    }
    person(id, &flat, &WORDS)
}

/// The same of a whole record. Null clears with us, and a record has far more empty fields than anybody asked
/// for.
pub(super) fn whole_person_of(id: &str, record: &JsonMap) -> Person {
    let mut known = record.clone();
    known.retain(|_, value| !value.is_null());
    person_of(id, &known)
}

/// The key of a field in our event data; none for what is left out.
pub(super) fn name_of(field: &str) -> Option<&str> {
    Some(match field {
        "Deal_Name" => "deal_name",
        "Stage" => "stage",
        "Pipeline" => "pipeline",
        "Amount" => "amount",
        "Currency" => "currency",
        "Closing_Date" => "close_date",
        "Event_Title" | "Subject" => "title",
        "Start_DateTime" => "starts_at",
        "End_DateTime" => "ends_at",
        "Venue" => "location",
        "Due_Date" => "due_at",
        "Status" => "status",
        "Call_Start_Time" => "called_at",
        "Call_Type" => "direction",
        "Call_Result" => "outcome",
        "id" | "Description" => return None,
        field if field.starts_with('$') || WORDS.skip.contains(&field) => return None,
        field => field,
    })
}

/// The id of a lookup: `{"id": ..., "name": ...}`.
pub(super) fn lookup<'a>(record: &'a JsonMap, field: &str) -> Option<&'a str> {
    record.get(field)?.get("id").and_then(Value::as_str)
}
