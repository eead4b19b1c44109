//! Asks a JSON API for what is new. Where in its answers things lie is configuration.
//!
//! In: the cursor of the last page. Out: an event for each item of the next, and the cursor behind
//! it. An item that names nobody is passed over; an answer that is not what the configuration says is
//! an error, so that nothing is skipped unseen.

mod config;
mod item;

use followup_guest::serde_json::Value;
use followup_guest::{Page, Poll, TriggerContext, TriggerError, http, log, secrets};

use config::{Config, Cursor};

/// Items of one page: as many events as the host takes from one call.
const ITEMS_MAX: usize = 500;
/// The longest value of a cursor, in bytes: it stands in an address.
const CURSOR_MAX_BYTES: usize = 1_000;

pub struct JsonPoll;

impl Poll for JsonPoll {
    type Config = Config;
    type Cursor = String;

    fn poll(
        cx: &TriggerContext<Config>,
        cursor: Option<String>,
    ) -> Result<Page<String>, TriggerError> {
        let config = &cx.config;
        let answer: Value = ask(config, cursor.as_deref())?
            .send()?
            .success(cx.now)?
            .json()?;
        let items = items(config, &answer)?;
        let events: Vec<_> = items
            .iter()
            .filter_map(|item| item::event(config, item))
            .collect();
        if events.len() < items.len() {
            let passed = items.len() - events.len();
            log::warn(&format!(
                "{passed} items without an id or a person are passed over"
            ));
        }
        let page = Page::events(events);
        let Some(paging) = &config.cursor else {
            return Ok(page);
        };
        let next = next(paging, &answer, items).filter(|next| cursor.as_ref() != Some(next));
        let more = paging
            .more
            .as_deref()
            .is_some_and(|more| is_true(answer.pointer(more)));
        Ok(match next {
            // The same cursor again, or none: that was all there is.
            None => page,
            Some(next) if more => page.cursor(next).next_at(cx.now),
            Some(next) => page.cursor(next),
        })
    }
}

followup_guest::export_trigger!(JsonPoll, poll);

fn ask(config: &Config, cursor: Option<&str>) -> Result<http::Request, TriggerError> {
    let mut request = http::get(&config.url).header("accept", "application/json");
    if let Some(paging) = &config.cursor
        && let Some(value) = cursor.or(paging.start.as_deref())
    {
        request = request.query(&paging.param, value);
    }
    if let Some(auth) = &config.auth {
        let token = secrets::placeholder("token")?;
        request = request.header(&auth.header, format!("{}{token}", auth.prefix));
    }
    Ok(request)
}

fn items<'a>(config: &Config, answer: &'a Value) -> Result<&'a [Value], TriggerError> {
    let list = answer.pointer(&config.items).and_then(Value::as_array);
    let Some(list) = list else {
        return Err(TriggerError::config(
            "/items",
            "there is no list at this place of the answer",
        ));
    };
    if list.len() > ITEMS_MAX {
        return Err(TriggerError::config(
            "/url",
            format!(
                "the answer has {} items, {ITEMS_MAX} are taken: ask for smaller pages",
                list.len()
            ),
        ));
    }
    Ok(list)
}

/// Where the next page begins.
fn next(paging: &Cursor, answer: &Value, items: &[Value]) -> Option<String> {
    let found = match (&paging.next, &paging.item) {
        (Some(place), _) => answer.pointer(place),
        (None, Some(place)) => items.last().and_then(|item| item.pointer(place)),
        (None, None) => None,
    };
    let next = item::text(found?)?;
    (next.len() <= CURSOR_MAX_BYTES).then_some(next)
}

/// APIs say so with a boolean, or with the address of the next page.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(more)) => *more,
        Some(Value::String(next)) => !next.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
