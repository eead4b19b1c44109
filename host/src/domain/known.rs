//! What is known of a contact, and whose word on a field counts: the newest, by its source's clock.
//!
//! In: what is known, with the time of each field, and what a sender told of it at some moment. Out: what
//! is known now, the same in whatever order the tellings come. An older word fills what nobody has spoken
//! of since, and changes nothing else; of two words of one moment the later arrival counts. A field that
//! was emptied remembers when, or an older word would fill it again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{ContactPatch, EmailAddress, Instant, JsonMap};

/// Times of one contact that are kept beside the one that most of its fields share.
const APART_MAX: usize = 32;

const EMAIL: &str = "email";
const TIME_ZONE: &str = "time_zone";
const LOCALE: &str = "locale";
const DELETED: &str = "deleted";

/// The fields of a contact.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    pub email: Option<EmailAddress>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
    pub attributes: JsonMap,
    pub account: Option<JsonMap>,
    /// Its CRM has deleted it.
    pub deleted: bool,
    pub told: Told,
}

/// When the fields were told, as it is stored: most are told together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Of every field that is there and not in `apart`.
    pub at: Option<Instant>,
    /// Milliseconds from `at` (from nought without it), by the field: `email`, `.first_name` for an
    /// attribute, `/id` for a field of the account. What is not there was emptied then.
    pub apart: BTreeMap<String, i64>,
}

/// The time of each field.
type Times = BTreeMap<String, Instant>;

impl Known {
    /// Takes in what somebody told at `at`. Null or an empty text forgets a field.
    pub fn hear(&mut self, patch: &ContactPatch, at: Instant) {
        let mut times = self.times();
        for (name, value) in &patch.attributes {
            if is_news(&mut times, format!(".{name}"), at) {
                put(&mut self.attributes, name, value);
            }
        }
        if let Some(told) = &patch.account {
            let account = self.account.get_or_insert_default();
            for (name, value) in told {
                if is_news(&mut times, format!("/{name}"), at) {
                    put(account, name, value);
                }
            }
        }
        for (field, known, told) in [
            (TIME_ZONE, &mut self.time_zone, &patch.time_zone),
            (LOCALE, &mut self.locale, &patch.locale),
        ] {
            if told.is_some() && is_news(&mut times, field.to_owned(), at) {
                known.clone_from(told);
            }
        }
        self.remember(times);
    }

    /// Takes in the address. False where a newer one is known.
    pub fn hear_address(&mut self, email: &EmailAddress, at: Instant) -> bool {
        let mut times = self.times();
        let news = is_news(&mut times, EMAIL.to_owned(), at);
        if news {
            self.email = Some(email.clone());
        }
        self.remember(times);
        news
    }

    /// Whether what was told at `at` of the address comes too late.
    pub fn is_address_newer(&self, at: Instant) -> bool {
        self.times().get(EMAIL).is_some_and(|known| *known > at)
    }

    /// Takes in that the contact was deleted, or made. False where a newer word is known.
    pub fn hear_deleted(&mut self, deleted: bool, at: Instant) -> bool {
        let mut times = self.times();
        let news = is_news(&mut times, DELETED.to_owned(), at);
        if news {
            self.deleted = deleted;
        }
        self.remember(times);
        news
    }

    fn times(&self) -> Times {
        let from = self.told.at.unwrap_or_default();
        let apart = self.told.apart.iter();
        let mut times: Times = apart
            .map(|(field, ms)| (field.clone(), from.plus_ms(*ms)))
            .collect();
        if let Some(at) = self.told.at {
            for field in self.fields() {
                times.entry(field).or_insert(at);
            }
        }
        times
    }

    /// Keeps the time that most fields share, and those apart from it. Where there are too many, the
    /// oldest are forgotten: such a field counts as told with the others.
    fn remember(&mut self, times: Times) {
        let there: BTreeSet<_> = self.fields().collect();
        let mut shared: BTreeMap<Instant, usize> = BTreeMap::new();
        for (_, at) in times.iter().filter(|(field, _)| there.contains(*field)) {
            *shared.entry(*at).or_default() += 1;
        }
        let at = shared
            .into_iter()
            .max_by_key(|(at, fields)| (*fields, *at))
            .map(|(at, _)| at);
        let mut apart: Vec<_> = times
            .into_iter()
            .filter(|(field, time)| Some(*time) != at || !there.contains(field))
            .collect();
        if apart.len() > APART_MAX {
            apart.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
            apart.truncate(APART_MAX);
        }
        let from = at.unwrap_or_default();
        let apart = apart.into_iter();
        self.told = Told {
            at,
            apart: apart
                .map(|(field, time)| (field, time.since_ms(from)))
                .collect(),
        };
    }

    /// The names of those that are there.
    fn fields(&self) -> impl Iterator<Item = String> {
        let own = [
            (EMAIL, self.email.is_some()),
            (TIME_ZONE, self.time_zone.is_some()),
            (LOCALE, self.locale.is_some()),
            (DELETED, self.deleted),
        ];
        let own = own.into_iter().filter(|(_, there)| *there);
        let account = self.account.iter().flat_map(JsonMap::keys);
        own.map(|(field, _)| field.to_owned())
            .chain(self.attributes.keys().map(|name| format!(".{name}")))
            .chain(account.map(|name| format!("/{name}")))
    }
}

/// Notes the time where nothing newer is known.
fn is_news(times: &mut Times, field: String, at: Instant) -> bool {
    let news = times.get(&field).is_none_or(|known| *known <= at);
    if news {
        times.insert(field, at);
    }
    news
}

fn put(fields: &mut JsonMap, name: &str, value: &Value) {
    let forgets = value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    if forgets {
        fields.shift_remove(name);
    } else {
        fields.insert(name.to_owned(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patch(attributes: &Value, zone: Option<&str>, account: Option<&Value>) -> ContactPatch {
        ContactPatch {
            attributes: attributes.as_object().expect("an object").clone(),
            time_zone: zone.map(str::to_owned),
            account: account.map(|fields| fields.as_object().expect("an object").clone()),
            ..ContactPatch::default()
        }
    }

    fn told(tellings: &[(i64, ContactPatch)]) -> Known {
        let mut known = Known::default();
        for (at, patch) in tellings {
            known.hear(patch, Instant(*at));
        }
        known
    }

    #[test]
    fn the_newest_word_on_a_field_counts() {
        let plain = |fields: Value| patch(&fields, None, None);
        for (tellings, expect) in [
            // Later words change, older ones only fill.
            (
                vec![(1, plain(json!({"a": 1}))), (2, plain(json!({"a": 2})))],
                json!({"a": 2}),
            ),
            (
                vec![
                    (2, plain(json!({"a": 2}))),
                    (1, plain(json!({"a": 1, "b": 1}))),
                ],
                json!({"a": 2, "b": 1}),
            ),
            // Of one moment: the later arrival.
            (
                vec![(1, plain(json!({"a": 1}))), (1, plain(json!({"a": 2})))],
                json!({"a": 2}),
            ),
            // What was emptied stays empty.
            (
                vec![(2, plain(json!({"a": null}))), (1, plain(json!({"a": 1})))],
                json!({}),
            ),
            (
                vec![(2, plain(json!({"a": " "}))), (3, plain(json!({"a": 3})))],
                json!({"a": 3}),
            ),
        ] {
            assert_eq!(json!(told(&tellings).attributes), expect, "{tellings:?}");
        }
    }

    #[test]
    fn fields_told_together_cost_one_time() {
        let all = patch(
            &json!({"a": 1, "b": 2}),
            Some("Europe/Berlin"),
            Some(&json!({"id": "7"})),
        );
        let mut known = told(&[(5, all.clone())]);
        known.hear_address(
            &EmailAddress::parse("ada@x.example").expect("one"),
            Instant(5),
        );
        let together = Told {
            at: Some(Instant(5)),
            apart: BTreeMap::new(),
        };
        assert_eq!(known.told, together);
        known.hear(&patch(&json!({"a": 9}), None, None), Instant(7));
        assert_eq!(known.told.apart, BTreeMap::from([(".a".to_owned(), 2)]));
        known.hear(&all, Instant(7));
        assert_eq!(known.told.apart, BTreeMap::from([("email".to_owned(), -2)]));
    }

    #[test]
    fn times_apart_have_a_limit() {
        let mut known = Known::default();
        for n in 0..100 {
            let one = json!({ format!("field{n}"): n });
            known.hear(&patch(&one, None, None), Instant(n));
        }
        assert_eq!(known.told.apart.len(), APART_MAX);
        assert_eq!(known.attributes.len(), 100);
    }

    #[test]
    fn an_older_address_or_deletion_does_not_come_back() {
        let [old, new] = ["old@x.example", "new@x.example"]
            .map(|text| EmailAddress::parse(text).expect("an address"));
        let mut known = Known::default();
        assert!(known.hear_address(&new, Instant(5)));
        assert!(known.is_address_newer(Instant(4)) && !known.is_address_newer(Instant(5)));
        assert!(!known.hear_address(&old, Instant(4)));
        assert_eq!(known.email, Some(new));

        assert!(known.hear_deleted(false, Instant(5)));
        assert!(!known.hear_deleted(true, Instant(4)));
        assert!(known.hear_deleted(true, Instant(6)));
        assert!(!known.hear_deleted(false, Instant(5)) && known.deleted);
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            Just(json!("")),
            (0..3).prop_map(|n| json!(n))
        ]
    }

    fn some_patch() -> impl Strategy<Value = ContactPatch> {
        let fields = || proptest::collection::hash_map("[abc]", value(), 0..3);
        let zone = proptest::option::of(prop_oneof![Just("UTC"), Just("Europe/Berlin")]);
        (fields(), zone, proptest::option::of(fields())).prop_map(|(fields, zone, account)| {
            patch(&json!(fields), zone, account.map(|a| json!(a)).as_ref())
        })
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            (patches, order) in proptest::collection::vec(some_patch(), 1..8).prop_flat_map(|patches| {
                let order: Vec<usize> = (0..patches.len()).collect();
                (Just(patches), Just(order).prop_shuffle())
            })
        ) {
            let tellings: Vec<_> = (1_000..).step_by(7).zip(patches).collect();
            let shuffled: Vec<_> = order.iter().map(|place| tellings[*place].clone()).collect();
            prop_assert_eq!(told(&tellings), told(&shuffled));
        }
    }
}
