//! What a kind or a connection can do, in words.

use serde::Serialize;

use crate::domain::connector::{Authenticity, Connector, Kind, Sort};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Ability {
    /// Takes in its webhooks.
    Hook,
    /// Takes in received mails.
    Inbound,
    Send,
    Hydrate,
    Reconcile,
    WriteBack,
    Register,
    /// Keeps its subscription alive.
    Renew,
    /// Proves its credentials.
    Probe,
}

impl Ability {
    const fn word(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Inbound => "inbound",
            Self::Send => "send",
            Self::Hydrate => "hydrate",
            Self::Reconcile => "reconcile",
            Self::WriteBack => "write-back",
            Self::Register => "register",
            Self::Renew => "renew",
            Self::Probe => "probe",
        }
    }
}

pub(super) fn of(connector: &Connector) -> Vec<Ability> {
    [
        (Ability::Hook, connector.hook.is_some()),
        (Ability::Inbound, connector.receives.is_some()),
        (Ability::Send, connector.sends.is_some()),
        (Ability::Hydrate, connector.hydrates.is_some()),
        (Ability::Reconcile, connector.reconciles.is_some()),
        (Ability::WriteBack, connector.writes.is_some()),
        (Ability::Register, connector.registers.is_some()),
        (Ability::Renew, connector.renews.is_some()),
        (Ability::Probe, connector.probes.is_some()),
    ]
    .into_iter()
    .filter_map(|(ability, can)| can.then_some(ability))
    .collect()
}

/// What its webhooks prove; none where it sends none.
pub(super) fn authenticity(kind: &Kind, connector: &Connector) -> Option<Authenticity> {
    let posts = connector.hook.is_some() || connector.receives.is_some();
    posts.then_some(kind.authenticity)
}

pub(super) fn words(abilities: &[Ability]) -> String {
    let words: Vec<_> = abilities.iter().map(|ability| ability.word()).collect();
    words.join(", ")
}

pub(super) const fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Crm => "crm",
        Sort::Sender => "sender",
        Sort::Provider => "provider",
    }
}
