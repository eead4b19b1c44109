//! Version 0.1 of the contract (`wit/`), for every component built against any 0.1.x of it.
//!
//! Bindings, what guests may import, and the conversions to and from the host's own types. A later
//! version gets a folder of its own beside this one; nothing outside of it changes.

mod host;
mod input;
mod output;
mod trigger;

use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::domain::decision::{DecideInput, Decision};
use crate::domain::fault::Remedy;
use crate::domain::trigger::{Page, Received, TriggerContext, TriggerRequest};

use super::call::Call;
use super::fault::BadOutput;

/// Every world of the contract at once: a component exports what it exports, and is asked for that.
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package followup:host;
            world everything {
                include followup:plugin/policy-migrating@0.1.0;
                include followup:plugin/trigger@0.1.0;
            }
        ",
        world: "followup:host/everything",
        exports: { default: async },
    });
}

use bindings::exports::followup::plugin::{
    policy_decide, policy_migrate, trigger_poll, trigger_webhook,
};
use bindings::followup::plugin::{calendar, log, secrets, trigger_types, types};

/// A component whose imports are resolved, and the parts of the contract that it exports.
pub(super) struct Ready {
    component: InstancePre<Call>,
    decide: Option<policy_decide::GuestIndices>,
    migrate: Option<policy_migrate::GuestIndices>,
    receive: Option<trigger_webhook::GuestIndices>,
    poll: Option<trigger_poll::GuestIndices>,
}

/// A `plugin-error`, as the host acts upon it.
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) remedy: Remedy,
}

/// What a guest answers: something that still needs checking, or a refusal.
pub(super) type Answer<T> = Result<Result<T, BadOutput>, Refusal>;

/// What a policy may import of the contract.
pub(super) fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, HasSelf<_>>(linker, |call| call)?;
    log::add_to_linker::<_, HasSelf<_>>(linker, |call| call)?;
    calendar::add_to_linker::<_, HasSelf<_>>(linker, |call| call)
}

/// What a trigger may import beside it.
pub(super) fn link_triggers(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    trigger_types::add_to_linker::<_, HasSelf<_>>(linker, |call| call)?;
    secrets::add_to_linker::<_, HasSelf<_>>(linker, |call| call)
}

pub(super) fn ready(linker: &Linker<Call>, component: &Component) -> wasmtime::Result<Ready> {
    let component = linker.instantiate_pre(component)?;
    Ok(Ready {
        decide: policy_decide::GuestIndices::new(&component).ok(),
        migrate: policy_migrate::GuestIndices::new(&component).ok(),
        receive: trigger_webhook::GuestIndices::new(&component).ok(),
        poll: trigger_poll::GuestIndices::new(&component).ok(),
        component,
    })
}

impl Ready {
    pub(super) fn can_decide(&self) -> bool {
        self.decide.is_some()
    }

    pub(super) fn can_migrate(&self) -> bool {
        self.migrate.is_some()
    }

    pub(super) fn can_receive(&self) -> bool {
        self.receive.is_some()
    }

    pub(super) fn can_poll(&self) -> bool {
        self.poll.is_some()
    }
}

/// The caller looked whether the component has what is asked for.
const PROBED: &str = "the export was probed";

pub(super) async fn decide(
    store: &mut Store<Call>,
    ready: &Ready,
    input: &DecideInput,
) -> wasmtime::Result<Answer<Decision>> {
    let instance = ready.component.instantiate_async(&mut *store).await?;
    let guest = ready.decide.as_ref().expect(PROBED);
    let guest = guest.load(&mut *store, &instance)?;
    let answer = guest.call_decide(store, &input::input(input)).await?;
    Ok(answer.map(output::decision).map_err(output::refusal))
}

/// The state of an older version, and the configuration of the new one, as JSON text.
pub(super) struct Migrate {
    pub(super) state: String,
    pub(super) from_version: String,
    pub(super) config: String,
}

pub(super) async fn migrate(
    store: &mut Store<Call>,
    ready: &Ready,
    input: Migrate,
) -> wasmtime::Result<Answer<String>> {
    let instance = ready.component.instantiate_async(&mut *store).await?;
    let guest = ready.migrate.as_ref().expect(PROBED);
    let guest = guest.load(&mut *store, &instance)?;
    let input = policy_migrate::MigrateInput {
        state: input.state,
        from_version: input.from_version,
        config: input.config,
        extra: Vec::new(),
    };
    let answer = guest.call_migrate(store, &input).await?;
    Ok(answer.map(Ok).map_err(output::refusal))
}

pub(super) async fn receive(
    store: &mut Store<Call>,
    ready: &Ready,
    context: TriggerContext,
    request: TriggerRequest,
) -> wasmtime::Result<Answer<Received>> {
    let instance = ready.component.instantiate_async(&mut *store).await?;
    let guest = ready.receive.as_ref().expect(PROBED);
    let guest = guest.load(&mut *store, &instance)?;
    let (context, request) = (trigger::context(context), trigger::request(request));
    let answer = guest.call_receive(store, &context, &request).await?;
    Ok(answer.map(trigger::received).map_err(output::refusal))
}

pub(super) async fn poll(
    store: &mut Store<Call>,
    ready: &Ready,
    context: TriggerContext,
    cursor: Option<String>,
) -> wasmtime::Result<Answer<Page>> {
    let instance = ready.component.instantiate_async(&mut *store).await?;
    let guest = ready.poll.as_ref().expect(PROBED);
    let guest = guest.load(&mut *store, &instance)?;
    let context = trigger::context(context);
    let answer = guest.call_poll(store, &context, cursor.as_ref()).await?;
    Ok(answer.map(trigger::page).map_err(output::refusal))
}
