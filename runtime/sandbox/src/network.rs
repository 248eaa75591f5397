//! What a worker can connect to.

use crate::engine::{Engine, NetworkFacts};
use crate::error::SandboxError;

/// What a worker can connect to beside its own socket: nothing, unless something is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Network {
    /// Whether scripts may connect back to their caller's database, by their own loopback device.
    pub loopback: bool,
    /// The way out.
    pub outbound: Option<Outbound>,
}

/// A way out of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbound {
    /// The engine's network that the worker is put in. It has to be an internal one, which leads
    /// nowhere but to the containers in it.
    pub network: String,
    /// The proxy in that network which decides what may be reached, as its URL. Programs in the
    /// worker find it in their environment.
    pub proxy: Option<String>,
}

// === impl Network ===

impl Network {
    /// Whether processes of the worker may make TCP sockets at all.
    pub(crate) fn allows_streams(&self) -> bool {
        self.loopback || self.outbound.is_some()
    }
}

// === impl Outbound ===

impl Outbound {
    /// The network's ID, when workers may be put in it: asked for each of them, since a network can be
    /// made anew under its name. Of a name alone the engine takes `host`, too.
    pub(crate) async fn find(&self, engine: &Engine) -> Result<NetworkFacts, SandboxError> {
        let refused = |reason| SandboxError::Network { network: self.network.clone(), reason };
        match engine.network(&self.network).await? {
            None => Err(refused("is not there")),
            Some(network) if !network.is_internal => Err(refused("is not an internal one")),
            Some(network) => Ok(network),
        }
    }

    /// The variables that tell programs of the proxy, in both spellings that are in use.
    pub(crate) fn environment(&self) -> Vec<String> {
        let Some(proxy) = &self.proxy else { return Vec::new() };
        let own = "localhost,127.0.0.1,::1";
        ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
            .into_iter()
            .flat_map(|name| [name.to_owned(), name.to_lowercase()])
            .map(|name| {
                let is_exception = name.eq_ignore_ascii_case("no_proxy");
                format!("{name}={}", if is_exception { own } else { proxy })
            })
            .collect()
    }
}
