//! Which user namespace workers are in.

use std::str::FromStr;

use serde::Deserialize;

/// Which user namespace a worker's processes are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserNamespace {
    /// The one that the engine gives its containers. Workers of the fast backend have one of their
    /// own in any case.
    #[default]
    Engine,
    /// One in which root is an unprivileged user of the host: where there is none, there is no
    /// worker.
    Required,
    /// The engine's own, even where it maps its containers' uids: a uid inside is the same outside.
    /// Of an engine without root that one is no more than its user.
    Host,
}

/// How an engine maps the uids of its containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UidMaps {
    /// It runs in a user namespace itself.
    pub(crate) is_rootless: bool,
    /// It puts containers into one, unless that is asked otherwise.
    pub(crate) remaps: bool,
}

// === impl UserNamespace ===

impl FromStr for UserNamespace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "engine" => Ok(UserNamespace::Engine),
            "required" => Ok(UserNamespace::Required),
            "host" => Ok(UserNamespace::Host),
            _ => Err("not one of engine, required, host".to_owned()),
        }
    }
}

impl UserNamespace {
    /// How the engine is asked for it (`HostConfig.UsernsMode`), where that has to be said.
    pub(crate) fn mode(self) -> Option<String> {
        (self == UserNamespace::Host).then(|| "host".to_owned())
    }
}

// === impl UidMaps ===

impl UidMaps {
    /// As the engine's information says (moby, daemon/info.go, `fillSecurityOptions`).
    pub(crate) fn of(security_options: &[String]) -> Self {
        let has = |name: &str| {
            let name = format!("name={name}");
            security_options.iter().any(|option| option.split(',').any(|part| part == name))
        };
        UidMaps { is_rootless: has("rootless"), remaps: has("userns") }
    }

    /// Whether a uid inside a worker's container is another one on the host.
    pub(crate) fn apply_to(self, user_namespace: UserNamespace) -> bool {
        self.is_rootless || self.remaps && user_namespace != UserNamespace::Host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(options: &[&str]) -> UidMaps {
        UidMaps::of(&options.iter().map(|option| (*option).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_engines_maps_are_read_from_what_it_says() {
        let plain = maps(&["name=seccomp,profile=default", "name=cgroupns"]);
        assert_eq!(plain, UidMaps { is_rootless: false, remaps: false });
        assert!(maps(&["name=seccomp,profile=default", "name=userns"]).remaps);
        assert!(maps(&["name=rootless"]).is_rootless);
        assert!(!maps(&["name=seccomp,profile=/userns.json"]).remaps);
    }

    #[test]
    fn who_asks_for_the_hosts_is_not_mapped_but_by_an_engine_without_root() {
        let (remaps, rootless) = (maps(&["name=userns"]), maps(&["name=rootless"]));
        for (maps, user_namespace, mapped) in [
            (remaps, UserNamespace::Engine, true),
            (remaps, UserNamespace::Required, true),
            (remaps, UserNamespace::Host, false),
            (rootless, UserNamespace::Host, true),
            (maps(&[]), UserNamespace::Required, false),
        ] {
            assert_eq!(maps.apply_to(user_namespace), mapped, "{maps:?} {user_namespace:?}");
        }
    }
}
