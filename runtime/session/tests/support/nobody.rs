//! A controller for what runs no scripts; tests, an example and a fuzz target share it.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use launchpod_controller::{Config, Controller, Image, Images};
use launchpod_sandbox::{Backend, SandboxError, Worker, WorkerSpec};

/// Makes no workers, and finds no images.
struct Nobody;

/// A controller that runs no scripts.
pub fn controller() -> Arc<Controller> {
    Arc::new(Controller::new(Config::default(), Arc::new(Nobody), Arc::new(Nobody), None))
}

// === impl Nobody ===

#[async_trait]
impl Backend for Nobody {
    async fn acquire(&self, _: &WorkerSpec) -> Result<Worker, SandboxError> {
        Err(SandboxError::Abandoned)
    }

    fn idle_memory(&self) -> u64 {
        0
    }

    async fn shutdown(&self) {}
}

#[async_trait]
impl Images for Nobody {
    async fn find(&self, _: &str) -> Result<Image, Box<dyn Error + Send + Sync>> {
        Err("there are no images".into())
    }
}
