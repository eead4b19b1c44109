//! Which holidays a contact keeps, and which clock: read from what the CRM tells about the person.

use chrono_tz::Tz;

use crate::domain::JsonMap;
use crate::domain::decision::{AccountView, ContactView};

use super::{Calendar, holidays, named};

/// Attributes of a contact that move send windows and days off.
pub const HOST_FIELDS: [&str; 3] = [OWNER_TIME_ZONE, HOLIDAYS_COUNTRY, COUNTRY];

const OWNER_TIME_ZONE: &str = "owner_time_zone";
const HOLIDAYS_COUNTRY: &str = "holidays_country";
const COUNTRY: &str = "country";

impl Calendar {
    /// The zone of contact, account, owner or tenant, the first that is a zone: contacts bring what
    /// their CRM says, and a misspelt zone must not stop their follow-up.
    ///
    /// The account's is its attribute `time_zone`, the owner's the contact's attribute
    /// `owner_time_zone`.
    pub fn zone_of(&self, contact: &ContactView, account: Option<&AccountView>) -> Tz {
        let account = account.and_then(|account| text(&account.attributes, "time_zone"));
        let owner = text(&contact.attributes, OWNER_TIME_ZONE);
        [Some(contact.time_zone.as_str()), account, owner]
            .into_iter()
            .flatten()
            .find_map(|name| named(name.trim()).ok())
            .unwrap_or_else(|| self.zone(None))
    }

    /// The set of holidays that a contact keeps beside the tenant's: the attribute
    /// `holidays_country` of contact or account (`DE-BY`), else their `country` (`DE`, `Germany`).
    /// None where nothing names a set that is known, or `holidays_of_contact` is off.
    pub fn country_of(
        &self,
        contact: &ContactView,
        account: Option<&AccountView>,
    ) -> Option<&'static str> {
        if !self.holidays_of_contact {
            return None;
        }
        let account = account.map(|account| &account.attributes);
        [HOLIDAYS_COUNTRY, COUNTRY]
            .into_iter()
            .flat_map(|key| [Some(&contact.attributes), account].map(|from| (key, from)))
            .find_map(|(key, from)| set(text(from?, key)?))
    }
}

fn text<'a>(attributes: &'a JsonMap, key: &str) -> Option<&'a str> {
    attributes.get(key)?.as_str()
}

/// The set that a name means: its key in any case, or the country in English or its own language.
fn set(name: &str) -> Option<&'static str> {
    let name = name.trim();
    if let Some(known) = holidays::key(&name.to_ascii_uppercase()) {
        return Some(known);
    }
    let name = name.to_lowercase();
    NAMES
        .iter()
        .find(|(_, names)| names.split('|').any(|known| known == name))
        .and_then(|(key, _)| holidays::key(key))
}

/// Names that CRMs write, lower-case.
const NAMES: &[(&str, &str)] = &[
    ("AE", "united arab emirates|uae"),
    ("AR", "argentina"),
    ("AT", "austria|österreich"),
    ("AU", "australia"),
    ("BE", "belgium|belgië|belgique|belgien"),
    ("BG", "bulgaria"),
    ("BO", "bolivia"),
    ("BR", "brazil|brasil"),
    ("CA", "canada"),
    ("CH", "switzerland|schweiz|suisse|svizzera"),
    ("CL", "chile"),
    ("CN", "china|people's republic of china"),
    ("CO", "colombia"),
    ("CR", "costa rica"),
    ("CY", "cyprus"),
    ("CZ", "czechia|czech republic|česko"),
    ("DE", "germany|deutschland|allemagne"),
    ("DK", "denmark|danmark"),
    ("EC", "ecuador"),
    ("EE", "estonia|eesti"),
    ("EG", "egypt"),
    ("ES", "spain|españa"),
    ("FI", "finland|suomi"),
    ("FR", "france"),
    ("GB", "united kingdom|great britain|uk"),
    ("GB-ENG", "england"),
    ("GB-NIR", "northern ireland"),
    ("GB-SCT", "scotland"),
    ("GB-WLS", "wales"),
    ("GR", "greece"),
    ("GT", "guatemala"),
    ("HK", "hong kong|hong kong sar"),
    ("HR", "croatia|hrvatska"),
    ("HU", "hungary|magyarország"),
    ("ID", "indonesia"),
    ("IE", "ireland"),
    ("IL", "israel"),
    ("IN", "india"),
    ("IS", "iceland"),
    ("IT", "italy|italia"),
    ("JO", "jordan"),
    ("JP", "japan"),
    ("KE", "kenya"),
    (
        "KR",
        "south korea|korea|republic of korea|korea, republic of",
    ),
    ("KZ", "kazakhstan"),
    ("LI", "liechtenstein"),
    ("LT", "lithuania"),
    ("LU", "luxembourg"),
    ("LV", "latvia"),
    ("MA", "morocco|maroc"),
    ("MD", "moldova"),
    ("ME", "montenegro"),
    ("MK", "north macedonia|macedonia"),
    ("MT", "malta"),
    ("MX", "mexico|méxico"),
    ("MY", "malaysia"),
    ("NG", "nigeria"),
    ("NL", "netherlands|the netherlands|nederland|holland"),
    ("NO", "norway|norge"),
    ("NZ", "new zealand"),
    ("PA", "panama|panamá"),
    ("PE", "peru|perú"),
    ("PH", "philippines"),
    ("PK", "pakistan"),
    ("PL", "poland|polska"),
    ("PT", "portugal"),
    ("PY", "paraguay"),
    ("RO", "romania|românia"),
    ("RS", "serbia"),
    ("SA", "saudi arabia"),
    ("SE", "sweden|sverige"),
    ("SG", "singapore"),
    ("SI", "slovenia|slovenija"),
    ("SK", "slovakia|slovensko"),
    ("TH", "thailand"),
    ("TN", "tunisia|tunisie"),
    ("TR", "turkey|türkiye"),
    ("TW", "taiwan"),
    ("US", "united states|united states of america|usa"),
    ("UY", "uruguay"),
    ("VN", "vietnam|viet nam"),
    ("ZA", "south africa"),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(value: serde_json::Value) -> JsonMap {
        serde_json::from_value(value).expect("an object")
    }

    fn contact(time_zone: &str, told: serde_json::Value) -> ContactView {
        ContactView {
            id: "con_1".to_owned(),
            email: None,
            time_zone: time_zone.to_owned(),
            locale: None,
            attributes: attributes(told),
        }
    }

    fn account(told: serde_json::Value) -> AccountView {
        AccountView {
            id: "acme".to_owned(),
            name: None,
            attributes: attributes(told),
        }
    }

    #[test]
    fn the_first_zone_that_is_one() {
        let calendar = Calendar::new(
            Tz::Europe__Berlin,
            [true; 7],
            std::collections::BTreeSet::new(),
        );
        let check = |own: &str, company: Option<&str>, owner: serde_json::Value, expect: Tz| {
            let contact = contact(own, json!({ "owner_time_zone": owner }));
            let account = company.map(|zone| account(json!({ "time_zone": zone })));
            let got = calendar.zone_of(&contact, account.as_ref());
            assert_eq!(got, expect, "{own:?}, {company:?}, {owner}");
        };
        let (tokyo, paris, lima) = ("Asia/Tokyo", Some("Europe/Paris"), json!("America/Lima"));
        check(tokyo, paris, lima.clone(), Tz::Asia__Tokyo);
        check("", paris, lima.clone(), Tz::Europe__Paris);
        check("Mars/Olympus", paris, lima.clone(), Tz::Europe__Paris);
        check("", Some("Mars/Olympus"), lima.clone(), Tz::America__Lima);
        check("", None, lima, Tz::America__Lima);
        check("", None, json!(7), Tz::Europe__Berlin);
        check("", Some(""), json!("nowhere"), Tz::Europe__Berlin);
    }

    #[test]
    fn the_holidays_that_a_contact_keeps() {
        let calendar = Calendar::default().with_holidays_of_contact(true);
        let check =
            |own: serde_json::Value, company: Option<serde_json::Value>, expect: Option<&str>| {
                let contact = contact("", own.clone());
                let account = company.clone().map(account);
                assert_eq!(
                    calendar.country_of(&contact, account.as_ref()),
                    expect,
                    "{own} {company:?}"
                );
            };
        check(json!({ "country": "DE" }), None, Some("DE"));
        check(json!({ "country": " Deutschland " }), None, Some("DE"));
        check(json!({ "country": "de-by" }), None, Some("DE-BY"));
        check(
            json!({ "country": "DE", "holidays_country": "DE-BY" }),
            None,
            Some("DE-BY"),
        );
        check(
            json!({ "country": "FR" }),
            Some(json!({ "country": "US" })),
            Some("FR"),
        );
        check(
            json!({ "country": "FR" }),
            Some(json!({ "holidays_country": "US" })),
            Some("US"),
        );
        check(
            json!({ "country": "Atlantis" }),
            Some(json!({ "country": "USA" })),
            Some("US"),
        );
        check(json!({ "country": 49 }), None, None);
        check(json!({}), None, None);

        let off = Calendar::default();
        assert_eq!(
            off.country_of(&contact("", json!({ "country": "DE" })), None),
            None
        );
    }

    #[test]
    fn every_name_means_a_set_and_every_country_has_a_name() {
        for (key, names) in NAMES {
            for name in names.split('|') {
                assert_eq!(set(name), Some(*key), "{name}");
            }
        }
        for key in holidays::names()
            .into_iter()
            .filter(|key| !key.contains('-'))
        {
            assert!(
                NAMES.iter().any(|(named, _)| *named == key),
                "{key} has no name"
            );
        }
    }
}
