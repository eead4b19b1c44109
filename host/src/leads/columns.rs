//! What the columns of a list are: guessed from their names, overruled by whoever imports.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;

use super::names::{CONSENT_WORDS, NAMES, fold, words};
use crate::domain::{EmailAddress, spelling};

/// Columns of one list.
pub const COLUMNS_MAX: usize = 500;
/// The longest name of an attribute.
const NAME_MAX_BYTES: usize = 60;

/// What a list may tell of a person beside attributes of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Email,
    FirstName,
    LastName,
    FullName,
    Company,
    AccountId,
    AccountDomain,
    JobTitle,
    Phone,
    Country,
    TimeZone,
    Locale,
    Owner,
}

impl Field {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FullName => "full_name",
            Self::Company => "company",
            Self::AccountId => "account_id",
            Self::AccountDomain => "account_domain",
            Self::JobTitle => "job_title",
            Self::Phone => "phone",
            Self::Country => "country",
            Self::TimeZone => "time_zone",
            Self::Locale => "locale",
            Self::Owner => "owner",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let fields = NAMES.iter().map(|(field, _)| *field);
        let mut fields = fields.filter(|field| field.as_str() == name);
        fields.next()
    }
}

/// Where the cells of a column go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Field(Field),
    Attribute(String),
    Consent,
    Dropped,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => f.write_str(field.as_str()),
            Self::Attribute(name) => f.write_str(name),
            Self::Consent => f.write_str("consent"),
            Self::Dropped => f.write_str("(not imported)"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Dropped => serializer.serialize_none(),
            other => serializer.collect_str(other),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name in the file.
    pub header: String,
    pub target: Target,
    /// Whether whoever imports said so, or the name did.
    pub said: bool,
}

/// Every column, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Columns(pub Vec<Column>);

/// Why the columns make no sense; each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    #[error(
        "no column is called like an e-mail address: say which one with --map email=COLUMN (columns: {0})"
    )]
    NoEmail(String),
    #[error(
        "the first row holds an address, not the names of columns: put a row of names (email, first_name, …) in front"
    )]
    NoHead,
    #[error("there is no column {name:?}: {suggestion}")]
    Unknown { name: String, suggestion: String },
    #[error("two columns are called {0:?}: name it by its place, as in #2")]
    Twice(String),
    #[error("column {0:?} is mapped twice")]
    Again(String),
    #[error(
        "{0:?} is no name for an attribute: use letters, digits and _, beginning with a letter"
    )]
    Name(String),
    #[error("there are {0} columns, {COLUMNS_MAX} at most")]
    TooMany(usize),
}

impl Columns {
    /// `said` are pairs of field or attribute and column; without a column the field is left out.
    pub fn new(
        headers: &[String],
        said: &[(String, Option<String>)],
        consent: Option<&str>,
    ) -> Result<Self, ColumnError> {
        if headers.len() > COLUMNS_MAX {
            return Err(ColumnError::TooMany(headers.len()));
        }
        if headers.iter().any(|name| is_address(name)) {
            return Err(ColumnError::NoHead);
        }
        let mut targets: Vec<Option<Target>> = vec![None; headers.len()];
        let mut claim = |column: &str, target: Target| {
            let place = find(headers, column)?;
            match targets[place].replace(target) {
                Some(_) => Err(ColumnError::Again(column.to_owned())),
                None => Ok(()),
            }
        };
        if let Some(column) = consent {
            claim(column, Target::Consent)?;
        }
        for (name, column) in said {
            let target = match Field::named(name) {
                Some(field) => Target::Field(field),
                None if is_name(name) => Target::Attribute(name.clone()),
                None => return Err(ColumnError::Name(name.clone())),
            };
            if let Some(column) = column {
                claim(column, target)?;
            }
        }
        let mut columns = guess(headers, targets, said);
        let left_out = said.iter().filter(|(_, column)| column.is_none());
        for (name, _) in left_out {
            columns.leave_out(name);
        }
        if columns.place(&Target::Field(Field::Email)).is_none() {
            return Err(ColumnError::NoEmail(shown(headers)));
        }
        Ok(columns)
    }

    pub(super) fn place(&self, target: &Target) -> Option<usize> {
        self.0.iter().position(|column| column.target == *target)
    }

    /// A column that looks as if it told of consent, while nobody said that one does.
    pub fn unused_consent(&self) -> Option<&str> {
        if self.place(&Target::Consent).is_some() {
            return None;
        }
        let looks = |column: &&Column| {
            let name = fold(&column.header);
            words(CONSENT_WORDS).any(|word| name.contains(word))
        };
        self.0
            .iter()
            .find(looks)
            .map(|column| column.header.as_str())
    }

    fn leave_out(&mut self, name: &str) {
        let named = |column: &&mut Column| !column.said && column.target.to_string() == name;
        if let Some(column) = self.0.iter_mut().find(named) {
            column.target = Target::Dropped;
            column.said = true;
        }
    }
}

/// Fills in what nobody said.
fn guess(
    headers: &[String],
    targets: Vec<Option<Target>>,
    said: &[(String, Option<String>)],
) -> Columns {
    let folded: Vec<String> = headers.iter().map(|header| fold(header)).collect();
    let mut guessed: HashMap<usize, Field> = HashMap::new();
    for (field, names) in NAMES {
        let known = said
            .iter()
            .any(|(name, column)| name == field.as_str() && column.is_some());
        let free = |place: &usize| targets[*place].is_none() && !guessed.contains_key(place);
        let surest = (0..headers.len())
            .filter(free)
            .filter_map(|place| {
                let rank = words(names).position(|name| name == folded[place])?;
                Some((rank, place))
            })
            .min();
        if let Some((_, place)) = surest.filter(|_| !known) {
            guessed.insert(place, *field);
        }
    }
    let mut taken: HashSet<String> = said
        .iter()
        .map(|(name, _)| name.clone())
        .chain(NAMES.iter().map(|(field, _)| field.as_str().to_owned()))
        .chain(["consent", "consent_source", "id"].map(str::to_owned))
        .collect();
    let column = |(place, (header, target)): (usize, (&String, Option<Target>))| {
        let said = target.is_some();
        let target = target.unwrap_or_else(|| match guessed.get(&place) {
            Some(field) => Target::Field(*field),
            None => Target::Attribute(attribute(&folded[place], place, &mut taken)),
        });
        Column {
            header: header.clone(),
            target,
            said,
        }
    };
    Columns(
        headers
            .iter()
            .zip(targets)
            .enumerate()
            .map(column)
            .collect(),
    )
}

/// A name that templates and rules can write: `lead_source`, `lead_source_2`, `column_7`.
fn attribute(folded: &str, place: usize, taken: &mut HashSet<String>) -> String {
    let ascii = |c: char| if c.is_ascii_alphanumeric() { c } else { ' ' };
    let words = folded.chars().map(ascii).collect::<String>();
    let mut name = words.split_whitespace().collect::<Vec<_>>().join("_");
    name.truncate(NAME_MAX_BYTES);
    if !is_name(&name) {
        name = format!("column_{}", place + 1);
    }
    let mut free = name.clone();
    let mut count = 1;
    while !taken.insert(free.clone()) {
        count += 1;
        free = format!("{name}_{count}");
    }
    free
}

fn is_name(name: &str) -> bool {
    let letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    letter
        && name.len() <= NAME_MAX_BYTES
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_address(text: &str) -> bool {
    EmailAddress::parse(text).is_ok_and(|address| address.domain().contains('.'))
}

/// The place of a column that a person named: by its name, in any case, or as `#3`.
fn find(headers: &[String], name: &str) -> Result<usize, ColumnError> {
    let place = name
        .strip_prefix('#')
        .and_then(|place| place.parse::<usize>().ok());
    if let Some(place) = place.filter(|place| (1..=headers.len()).contains(place)) {
        return Ok(place - 1);
    }
    let same = |text: &str| text.trim().to_lowercase() == name.trim().to_lowercase();
    let mut places = (0..headers.len()).filter(|place| same(&headers[*place]));
    match (places.next(), places.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(ColumnError::Twice(name.to_owned())),
        (None, _) => Err(ColumnError::Unknown {
            name: name.to_owned(),
            suggestion: spelling::suggest(name, headers.iter().map(String::as_str)),
        }),
    }
}

fn shown(headers: &[String]) -> String {
    const SHOWN_MAX: usize = 20;
    let mut shown = headers[..headers.len().min(SHOWN_MAX)].join(", ");
    if headers.len() > SHOWN_MAX {
        shown += ", …";
    }
    shown
}

#[cfg(test)]
mod tests;
