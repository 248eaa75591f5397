//! What a worker can connect to.

use std::sync::Arc;

use launchpod_outbound::Allowed;
use launchpod_protocol::control::Door;

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
pub enum Outbound {
    /// Through the server, which connects to the hosts and ports on a list: the worker has a port
    /// of its own loopback device more, and no network.
    Hosts(Arc<Allowed>),
    /// By a network of the engine's.
    Network(EngineNetwork),
}

/// A network of the engine's that workers are put in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EngineNetwork {
    /// Its name. It has to be an internal one, which leads nowhere but to the containers in it.
    pub name: String,
    /// The proxy in that network which decides what may be reached, as its URL.
    pub proxy: Option<String>,
}

// === impl Network ===

impl Network {
    /// What scripts reach through the server.
    pub fn hosts(&self) -> Option<&Arc<Allowed>> {
        match &self.outbound {
            Some(Outbound::Hosts(hosts)) => Some(hosts),
            Some(Outbound::Network(_)) | None => None,
        }
    }

    /// The network of the engine's that workers are put in.
    pub(crate) fn joined(&self) -> Option<&EngineNetwork> {
        match &self.outbound {
            Some(Outbound::Network(network)) => Some(network),
            Some(Outbound::Hosts(_)) | None => None,
        }
    }

    /// Whether processes of the worker may make TCP sockets at all.
    pub(crate) fn allows_streams(&self) -> bool {
        self.loopback || self.outbound.is_some()
    }

    /// The variables that tell programs of a proxy, in both spellings that are in use.
    pub(crate) fn environment(&self) -> Vec<String> {
        let proxy = match &self.outbound {
            Some(Outbound::Hosts(_)) => format!("http://{}", Door::Outbound.address()),
            Some(Outbound::Network(EngineNetwork { proxy: Some(proxy), .. })) => proxy.clone(),
            Some(Outbound::Network(_)) | None => return Vec::new(),
        };
        let own = "localhost,127.0.0.1,::1";
        ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
            .into_iter()
            .flat_map(|name| [name.to_owned(), name.to_lowercase()])
            .map(|name| {
                let is_exception = name.eq_ignore_ascii_case("no_proxy");
                format!("{name}={}", if is_exception { own } else { &proxy })
            })
            .collect()
    }
}

// === impl EngineNetwork ===

impl EngineNetwork {
    /// The network's ID, when workers may be put in it: asked for each of them, since a network can be
    /// made anew under its name. Of a name alone the engine takes `host`, too.
    pub(crate) async fn find(&self, engine: &Engine) -> Result<NetworkFacts, SandboxError> {
        let refused = |reason| SandboxError::Network { network: self.name.clone(), reason };
        match engine.network(&self.name).await? {
            None => Err(refused("is not there")),
            Some(network) if !network.is_internal => Err(refused("is not an internal one")),
            Some(network) => Ok(network),
        }
    }
}
