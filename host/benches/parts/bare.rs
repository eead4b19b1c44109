//! The floor of a decision: the same component in bare wasmtime, with the same pool of instances and
//! nothing else. No fuel, epoch or limits, synchronous, WASI as it comes, and an input that has the
//! contract's types already.

use followup::domain::decision::DecideInput;
use followup::domain::{Event, JsonMap};
use serde_json::Value;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "followup:plugin/policy" });
}

use bindings::exports::followup::plugin::policy_decide as wit;
use bindings::followup::plugin::types;

#[derive(Default)]
struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Of the contract, what policies may import and this one does not call.
const NEVER_CALLED: &[(&str, &[&str])] = &[
    ("followup:plugin/log@0.1.0", &["write"]),
    (
        "followup:plugin/calendar@0.1.0",
        &[
            "to-local",
            "from-local",
            "add-business-days",
            "is-business-day",
        ],
    ),
];

pub struct Bare {
    engine: Engine,
    ready: bindings::PolicyPre<Host>,
    input: wit::DecideInput,
}

impl Bare {
    pub fn new(wasm: &[u8], input: DecideInput) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_core_instances(64)
            .max_core_instances_per_component(64)
            .total_memories(4)
            .max_memories_per_component(4)
            .max_memory_size(64 << 20)
            .total_tables(32)
            .max_tables_per_component(32)
            .linear_memory_keep_resident(64 << 10)
            .table_keep_resident(64 << 10);
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).expect("an engine");
        let component = Component::new(&engine, wasm).expect("it compiles");
        let mut linker = Linker::<Host>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).expect("it links");
        for (interface, functions) in NEVER_CALLED {
            let mut interface = linker.instance(interface).expect("it links");
            for function in *functions {
                interface
                    .func_new(function, |_, _, _, _| {
                        Err(wasmtime::Error::msg("the policy does not call this"))
                    })
                    .expect("it links");
            }
        }
        let ready = linker.instantiate_pre(&component).expect("it links");
        Self {
            engine,
            ready: bindings::PolicyPre::new(ready).expect("a policy"),
            input: contracted(input),
        }
    }

    /// How many actions it asks for.
    pub fn decide(&self) -> usize {
        let mut store = Store::new(&self.engine, Host::default());
        let policy = self.ready.instantiate(&mut store).expect("an instance");
        let answer = policy
            .followup_plugin_policy_decide()
            .call_decide(&mut store, &self.input)
            .expect("no trap");
        answer.expect("a decision").actions.len()
    }
}

fn contracted(input: DecideInput) -> wit::DecideInput {
    wit::DecideInput {
        now: input.now.0,
        seed: input.seed,
        event: event(input.event),
        contact: types::Contact {
            id: input.contact.id,
            email: input.contact.email,
            time_zone: input.contact.time_zone,
            locale: input.contact.locale,
            attributes: attributes(input.contact.attributes),
        },
        account: None,
        enrollment: wit::Enrollment {
            id: input.enrollment.id,
            sequence: input.enrollment.sequence,
            enrolled_at: input.enrollment.enrolled_at.0,
            decisions: input.enrollment.decisions,
            timers: Vec::new(),
            extra: Vec::new(),
        },
        touches: Vec::new(),
        history: input.history.into_iter().map(event).collect(),
        state: input.state,
        config: input.config,
        extra: Vec::new(),
    }
}

fn event(event: Event) -> types::Event {
    types::Event {
        id: event.id,
        kind: event.kind,
        occurred_at: event.occurred_at.0,
        data: Value::Object(event.data).to_string(),
        extra: Vec::new(),
    }
}

fn attributes(fields: JsonMap) -> Vec<types::Attribute> {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let fields = fields.into_iter().map(|(name, value)| types::Attribute {
        name,
        value: types::Value::Text(text(value)),
    });
    fields.collect()
}
