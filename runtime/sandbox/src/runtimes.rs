//! The OCI runtimes of an engine.

use bollard::models::SystemInfo;

/// What names a shim of containerd's: since version 23 the engine finds those by their names, and
/// doesn't list them.
const SHIM: &str = "io.containerd.";

/// The names of the OCI runtimes that an engine has been told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runtimes(Vec<String>);

// === impl Runtimes ===

impl Runtimes {
    /// As the engine's information says.
    pub(crate) fn of(info: &SystemInfo) -> Self {
        let mut names: Vec<String> =
            info.runtimes.iter().flat_map(|runtimes| runtimes.keys()).cloned().collect();
        names.sort_unstable();
        Runtimes(names)
    }

    /// Whether the engine lacks a runtime. Of a shim's name only a start tells.
    pub(crate) fn lack(&self, name: &str) -> bool {
        !name.starts_with(SHIM) && !self.0.iter().any(|known| known == name)
    }

    /// All of them, for a message.
    pub(crate) fn list(&self) -> String {
        self.0.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_runtime_is_lacking_that_is_neither_listed_nor_a_shim() {
        let runtimes = ["runsc", "runc"].map(|name| (name.to_owned(), Default::default()));
        let info = SystemInfo { runtimes: Some(HashMap::from(runtimes)), ..SystemInfo::default() };
        let runtimes = Runtimes::of(&info);
        assert_eq!(runtimes.list(), "runc, runsc");
        assert!(runtimes.lack("none-such") && runtimes.lack("run"));
        assert!(!runtimes.lack("runsc") && !runtimes.lack("io.containerd.kata.v2"));
    }
}
