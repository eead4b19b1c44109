//! What a policy is asked: to decide, and to carry its state over to a new version.

use std::sync::Arc;

use crate::calendar::Calendar;
use crate::domain::Instant;
use crate::domain::decision::{DecideInput, Decision};
use crate::domain::fault::Fault;

use super::call::{Called, Fate, close, in_time, store};
use super::egress::Egress;
use super::log::{Log, LogLine};
use super::v0_1::{self, Migrate};
use super::{Plugin, Sandbox, check, fault};

/// An answer, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What it was asked.
    pub input: DecideInput,
    pub decision: Decision,
    /// Instructions, roughly; the same for the same input.
    pub fuel_used: u64,
    /// The most that the guest held at any time.
    pub memory_bytes: usize,
    pub log: Vec<LogLine>,
}

impl Sandbox {
    /// Asks a policy. Waits for its turn where `instances_max` calls are under way, first come,
    /// first served; the deadline runs from its turn on. A caller that stops waiting does not stop the
    /// guest: its deadline does.
    pub async fn decide(
        &self,
        plugin: &Plugin,
        input: DecideInput,
        calendar: &Arc<Calendar>,
    ) -> Result<Decided, Fault> {
        if !plugin.ready().can_decide() {
            return Err(fault::of_missing_export("policy-decide"));
        }
        let (engine, limits) = (self.engine.clone(), Arc::clone(&self.limits));
        let (plugin, calendar) = (plugin.clone(), Arc::clone(calendar));
        let call = async move {
            let (now, seed) = (input.now, input.seed);
            let (allowance, fate) = (plugin.allowance(), Fate { now, seed });
            let log = Log::new(allowance.log_max_bytes);
            let mut store = store(&engine, allowance, fate, calendar, Egress::default(), log);
            let answer = v0_1::decide(&mut store, plugin.ready(), &input);
            let answer = in_time(allowance, answer).await;
            let called = close(store, allowance, answer, |decision| {
                check::decision(decision, plugin.manifest(), &limits, now)
            });
            (input, called)
        };
        let (input, called) = self.policies.run(call).await;
        let Called {
            result,
            fuel_used,
            memory_bytes,
            log,
        } = called;
        result.map(|decision| Decided {
            input,
            decision,
            fuel_used,
            memory_bytes,
            log,
        })
    }

    /// The state of an enrollment in the words of this version. Only for a policy that
    /// `can_migrate`; the state is as the plugin of `from_version` left it.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a value of the contract, and no two belong together"
    )]
    pub async fn migrate(
        &self,
        plugin: &Plugin,
        now: Instant,
        seed: u64,
        state: String,
        from_version: &str,
        config: String,
        calendar: &Arc<Calendar>,
    ) -> Result<String, Fault> {
        if !plugin.can_migrate() {
            return Err(fault::of_missing_export("policy-migrate"));
        }
        let (engine, limits) = (self.engine.clone(), Arc::clone(&self.limits));
        let (plugin, calendar) = (plugin.clone(), Arc::clone(calendar));
        let from_version = from_version.to_owned();
        let call = async move {
            let (allowance, fate) = (plugin.allowance(), Fate { now, seed });
            let log = Log::new(allowance.log_max_bytes);
            let mut store = store(&engine, allowance, fate, calendar, Egress::default(), log);
            let input = Migrate {
                state,
                from_version,
                config,
            };
            let answer = v0_1::migrate(&mut store, plugin.ready(), input);
            let answer = in_time(allowance, answer).await;
            close(store, allowance, answer, |state| {
                check::migrated(state, &limits)
            })
        };
        self.policies.run(call).await.result
    }
}
