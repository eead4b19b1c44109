//! What a trigger is asked: to turn a webhook into events, and to ask a foreign system for new ones.

use std::sync::Arc;

use wasmtime::Store;

use crate::calendar::Calendar;
use crate::domain::fault::Fault;
use crate::domain::trigger::{Page, Received, TriggerContext, TriggerRequest};

use super::call::{Called, Fate, close, in_time, store};
use super::egress::{Authority, Egress, Told, Way};
use super::log::Log;
use super::{Call, Plugin, Sandbox, check, fault, v0_1};

impl Sandbox {
    /// Gives a trigger a webhook. Waits for a turn of its connection, then for one of all triggers; the
    /// deadline runs from then on. Only for one that `can_receive`.
    pub async fn receive(
        &self,
        plugin: &Plugin,
        context: TriggerContext,
        request: TriggerRequest,
        calendar: &Arc<Calendar>,
        authority: &Arc<Authority>,
    ) -> Called<Received> {
        if !plugin.can_receive() {
            return not_called(fault::of_missing_export("trigger-webhook"));
        }
        let turn = authority.turn().await;
        let limits = Arc::clone(&self.limits);
        let open = self.opening(plugin, &context, calendar, authority);
        let plugin = plugin.clone();
        let call = async move {
            let _turn = turn;
            let (allowance, mut store) = (plugin.allowance(), open());
            let answer = v0_1::receive(&mut store, plugin.ready(), context, request);
            let answer = in_time(allowance, answer).await;
            close(store, allowance, answer, |received| {
                check::trigger::received(received, plugin.manifest(), &limits.triggers)
            })
        };
        self.triggers.run(call).await
    }

    /// Lets a trigger ask for what is new since `cursor`. Only for one that `can_poll`.
    pub async fn poll(
        &self,
        plugin: &Plugin,
        context: TriggerContext,
        cursor: Option<String>,
        calendar: &Arc<Calendar>,
        authority: &Arc<Authority>,
    ) -> Called<Page> {
        if !plugin.can_poll() {
            return not_called(fault::of_missing_export("trigger-poll"));
        }
        let turn = authority.turn().await;
        let limits = Arc::clone(&self.limits);
        let open = self.opening(plugin, &context, calendar, authority);
        let plugin = plugin.clone();
        let call = async move {
            let _turn = turn;
            let (allowance, mut store) = (plugin.allowance(), open());
            let answer = v0_1::poll(&mut store, plugin.ready(), context, cursor);
            let answer = in_time(allowance, answer).await;
            close(store, allowance, answer, |page| {
                check::trigger::page(page, plugin.manifest(), &limits.triggers)
            })
        };
        self.triggers.run(call).await
    }

    /// Makes a store with a way out, once it is the call's turn: its deadline begins with it.
    fn opening(
        &self,
        plugin: &Plugin,
        context: &TriggerContext,
        calendar: &Arc<Calendar>,
        authority: &Arc<Authority>,
    ) -> impl FnOnce() -> Store<Call> + Send + 'static {
        let log = Log::new(plugin.allowance().log_max_bytes);
        let way = Way {
            authority: Arc::clone(authority),
            outgoing: self.outgoing.clone(),
            limits: self.limits.triggers.clone(),
            now: context.now,
            told: Told {
                log: log.clone(),
                plugin: plugin.manifest().id.clone(),
                connection: context.connection.clone(),
                asked: String::new(),
            },
            calls: 0,
        };
        let fate = Fate {
            now: context.now,
            seed: context.seed,
        };
        let (engine, plugin, calendar) =
            (self.engine.clone(), plugin.clone(), Arc::clone(calendar));
        move || {
            let egress = Egress::of(way);
            store(&engine, plugin.allowance(), fate, calendar, egress, log)
        }
    }
}

/// A call that could not be made.
fn not_called<T>(fault: Fault) -> Called<T> {
    Called {
        result: Err(fault),
        fuel_used: 0,
        memory_bytes: 0,
        log: Vec::new(),
    }
}
