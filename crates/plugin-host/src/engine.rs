//! The one engine.
//!
//! Owns how components run: synchronous WIT over an asynchronous host, instances from a pool, an
//! epoch every ten milliseconds at which a guest that computes gives way. Must not know plugins.

use manifest::Limits;
use std::path::Path;
use std::time::Duration;
use wasmtime::{Cache, CacheConfig, Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often a guest that computes gives way.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Core instances, memories and tables of one component: its own, and those of its adapters.
pub(crate) const CORE_INSTANCES: u32 = 16;
pub(crate) const MEMORIES: u32 = 2;
pub(crate) const TABLES: u32 = 8;
/// Elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// Bytes of the stack that a guest's calls run on, and how much of it the guest may use.
const STACK_BYTES: usize = 1 << 20;
const GUEST_STACK_BYTES: usize = 512 << 10;
/// Bytes of a memory, of a table and of a stack that stay resident in a slot of the pool.
const KEEP_BYTES: usize = 64 << 10;

/// Where memory for instances comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// From a pool that is reserved once.
    Pooled,
    /// From the system, each time: there was not enough address space for a pool.
    OnDemand,
}

/// No engine could be made.
#[derive(Debug, thiserror::Error)]
#[error("the engine cannot be set up: {0}")]
pub struct EngineError(pub(crate) wasmtime::Error);

/// The engine, and how it allocates.
#[derive(Clone)]
pub(crate) struct Engine {
    pub wasm: wasmtime::Engine,
    pub allocation: Allocation,
}

impl Engine {
    /// An engine with room for so many instances, which keeps compiled code in a folder.
    pub fn new(instances: u32, code: Option<&Path>) -> Result<Engine, EngineError> {
        let cache = code.map(cache).transpose().map_err(EngineError)?;
        let pooled = config(cache.clone(), InstanceAllocationStrategy::Pooling(pool(instances)));
        let (wasm, allocation) = match wasmtime::Engine::new(&pooled) {
            Ok(engine) => (engine, Allocation::Pooled),
            Err(error) => {
                tracing::warn!(target: "yoi::plugin", %error, "no pool of instances: they are allocated one by one");
                let config = config(cache, InstanceAllocationStrategy::OnDemand);
                (wasmtime::Engine::new(&config).map_err(EngineError)?, Allocation::OnDemand)
            }
        };
        tick(&wasm).map_err(EngineError)?;
        Ok(Engine { wasm, allocation })
    }
}

fn config(cache: Option<Cache>, allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(true)
        .async_stack_size(STACK_BYTES)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .memory_init_cow(true)
        .cache(cache)
        .allocation_strategy(allocation);
    config
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    // enough for every instance to be as large as one may be: who has a slot is never refused a part
    let (cores, memories, tables) = (instances * CORE_INSTANCES, instances * MEMORIES, instances * TABLES);
    pool.total_component_instances(instances)
        .total_core_instances(cores)
        .total_memories(memories)
        .total_tables(tables)
        .total_stacks(instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(Limits::CAPS.memory_bytes).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(KEEP_BYTES)
        .table_keep_resident(KEEP_BYTES)
        .async_stack_keep_resident(KEEP_BYTES)
        // Linux 6.7: only pages that were touched are put back, and stay
        .pagemap_scan(Enabled::Auto);
    pool
}

fn cache(folder: &Path) -> wasmtime::Result<Cache> {
    let mut config = CacheConfig::new();
    config.with_directory(folder);
    Cache::new(config)
}

/// Counts epochs for as long as there is an engine.
fn tick(engine: &wasmtime::Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    let count = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    };
    std::thread::Builder::new().name("plugin-epochs".to_owned()).spawn(count)?;
    Ok(())
}
