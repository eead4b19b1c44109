//! The traits of a trigger's author, and how their calls are made of JSON texts.
//!
//! A trigger hears of people from a foreign system and brings events; what follows from them is for
//! policies. It sends nothing, and sees no secret: it names one (see `secrets`).

mod answer;
mod event;
mod request;
pub(crate) mod wire;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use answer::{Page, Received, Response};
pub use event::{ContactRef, TriggerEvent};
pub use request::Request;

use crate::policy::{parse, write};
use crate::{Attributes, Instant, PluginError};

/// Turns the foreign system's webhooks into events.
///
/// ```
/// use followup_guest::{ContactRef, Received, Request, TriggerContext, TriggerError, TriggerEvent, Webhook, kind};
/// use serde::Deserialize;
///
/// struct Shop;
///
/// #[derive(Deserialize)]
/// struct Order {
///     id: String,
///     email: String,
///     total: f64,
/// }
///
/// impl Webhook for Shop {
///     type Config = followup_guest::serde_json::Value;
///
///     fn receive(_cx: &TriggerContext<Self::Config>, request: &Request) -> Result<Received, TriggerError> {
///         let order: Order = request.json()?;
///         // A webhook sent twice is one event: its key is made of what it tells, never of the clock.
///         let event = TriggerEvent::new(format!("order-{}", order.id), "shop.order-paid")
///             .email(order.email)
///             .data("total", order.total);
///         Ok(Received::event(event))
///     }
/// }
/// # fn main() {}
/// ```
pub trait Webhook {
    /// The connection's configuration, valid against the schema in `plugin.toml`.
    type Config: DeserializeOwned;

    /// Called with each request to the connection's address, before it is answered. Where
    /// `plugin.toml` declares `[verify]`, the host has checked the signature already.
    fn receive(
        cx: &TriggerContext<Self::Config>,
        request: &Request,
    ) -> Result<Received, PluginError>;
}

/// Asks the foreign system for what is new, at an interval.
pub trait Poll {
    /// The connection's configuration, valid against the schema in `plugin.toml`.
    type Config: DeserializeOwned;
    /// How far the trigger has read. Give its fields `#[serde(default)]`: the next version of the
    /// plugin reads what this one wrote.
    type Cursor: Serialize + DeserializeOwned;

    /// `cursor` is what the last page that had one gave; none at first. It is stored together with
    /// the page's events: after a crash, neither or both are there.
    fn poll(
        cx: &TriggerContext<Self::Config>,
        cursor: Option<Self::Cursor>,
    ) -> Result<Page<Self::Cursor>, PluginError>;
}

/// What every call of a trigger is told, with the configuration in the trigger's own type.
#[derive(Debug, Clone, PartialEq)]
pub struct TriggerContext<C> {
    /// The only clock there is.
    pub now: Instant,
    /// Repeatable randomness.
    pub seed: u64,
    /// The connection's name.
    pub connection: String,
    pub config: C,
    pub extra: Attributes,
}

impl TriggerContext<String> {
    fn parsed<C: DeserializeOwned>(self) -> Result<TriggerContext<C>, PluginError> {
        let config =
            parse(&self.config).map_err(|(path, message)| PluginError::config(path, message))?;
        Ok(TriggerContext {
            now: self.now,
            seed: self.seed,
            connection: self.connection,
            config,
            extra: self.extra,
        })
    }
}

/// One call of `receive`, with JSON still as text.
pub(crate) fn receive<T: Webhook>(
    cx: TriggerContext<String>,
    request: &Request,
) -> Result<Received, PluginError> {
    T::receive(&cx.parsed()?, request)
}

/// One call of `poll`, with JSON as text on both sides.
pub(crate) fn poll<T: Poll>(
    cx: TriggerContext<String>,
    cursor: Option<&str>,
) -> Result<Page<String>, PluginError> {
    let cursor = cursor
        .map(|text| {
            parse(text).map_err(|(path, message)| {
                PluginError::InvalidState(format!("{message}, at {path:?} of the stored cursor"))
            })
        })
        .transpose()?;
    let page = T::poll(&cx.parsed()?, cursor)?;
    Ok(Page {
        events: page.events,
        cursor: page.cursor.as_ref().map(write).transpose()?,
        next_at: page.next_at,
    })
}
