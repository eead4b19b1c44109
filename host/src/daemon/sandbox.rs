//! The sandbox that the configuration describes.

use std::sync::Arc;

use super::Gateway;
use crate::config::Config;
use crate::sandbox::{Compiler, Error, Sandbox};

/// Opens it. `compiler` makes native code of what is not in the cache.
pub fn open(compiler: Compiler, config: &Config) -> Result<Sandbox, Error> {
    let sandbox = Sandbox::open(config.sandbox.limits.clone(), &config.sandbox.cache)?;
    Ok(sandbox
        .with_compiler(compiler)
        .with_outgoing(Arc::new(Gateway::default())))
}
