//! The server's options, which are kept outside the database.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

/// An option of the server, as `sp_configure` and `sys.configurations` show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigurationOption {
    /// The option's number in `sys.configurations`.
    pub id: i32,
    /// The option's name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The least value allowed.
    pub minimum: i32,
    /// The greatest value allowed.
    pub maximum: i32,
    /// The value that `sp_configure` set last.
    pub config_value: i32,
    /// The value in force.
    pub run_value: i32,
}

/// Who tells the server's options when a query asks; by default there are none.
#[derive(Clone, Default)]
pub struct Configurations(Option<Arc<dyn Fn() -> Vec<ConfigurationOption> + Send + Sync>>);

// === impl Configurations ===

impl Configurations {
    /// Options that `tell` returns, each time it is asked.
    pub fn new(tell: impl Fn() -> Vec<ConfigurationOption> + Send + Sync + 'static) -> Self {
        Configurations(Some(Arc::new(tell)))
    }

    /// The rows of `catalog.configurations`, in the order of its columns.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let options = self.0.as_ref().map_or_else(Vec::new, |tell| tell());
        let row = |option: ConfigurationOption| {
            json!([
                option.id,
                option.name,
                option.config_value,
                option.minimum,
                option.maximum,
                option.run_value,
                option.description,
            ])
        };
        options.into_iter().map(row).collect()
    }
}

impl fmt::Debug for Configurations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Configurations")
    }
}
