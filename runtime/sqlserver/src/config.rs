//! Which server is behind, and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use launchpod_database::Secret;

/// SQL Server's port.
const DEFAULT_PORT: u16 = 1433;

/// A SQL Server to connect to.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub address: Address,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Whether any certificate will do.
    pub trust_server_certificate: bool,
    /// PEM file of the server's certificate, or of those that may have issued it; without it the
    /// system's roots hold.
    pub certificate: Option<PathBuf>,
    /// Who reads the definitions of procedures that a caller may only execute.
    pub definition_login: Option<DefinitionLogin>,
    /// The role whose members may run external scripts where the server doesn't know the
    /// permission EXECUTE ANY EXTERNAL SCRIPT.
    pub script_role: Option<String>,
}

/// A login with VIEW DEFINITION, for reading definitions and nothing else.
#[derive(Clone, Debug)]
pub struct DefinitionLogin {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server is written host,port (a named instance has a port of its own)")]
pub struct AddressError;

/// The values of `Encrypt` in a connection string ("Encrypt" of SqlConnection.ConnectionString).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// The server must encrypt.
    #[default]
    Mandatory,
    /// The login is encrypted if the server can, the rest if it wants.
    Optional,
    /// TLS before anything else (TDS 8.0).
    Strict,
}

// === impl Address ===

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = match text.split_once(',') {
            Some((host, port)) => (host, port.trim().parse().map_err(|_| AddressError)?),
            None => (text, DEFAULT_PORT),
        };
        let host = host.trim();
        let host = host.strip_prefix("tcp:").unwrap_or(host);
        if host.is_empty() || host.contains(['\\', '/', ' ']) || port == 0 {
            return Err(AddressError);
        }
        Ok(Address { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.host, self.port)
    }
}

// === impl Encryption ===

impl FromStr for Encryption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "mandatory" => Ok(Encryption::Mandatory),
            "optional" => Ok(Encryption::Optional),
            "strict" => Ok(Encryption::Strict),
            other => Err(format!("{other:?} is none of mandatory, optional, strict")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_host_and_port() {
        let address = |host: &str, port| Ok(Address { host: host.to_owned(), port });
        assert_eq!("db,1500".parse(), address("db", 1500));
        assert_eq!(" tcp:db.example.com , 1433 ".parse(), address("db.example.com", 1433));
        assert_eq!("::1".parse(), address("::1", 1433));
        for text in ["", ",1433", "db,", "db,0", "db,70000", "db\\instance", "db,x"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text}");
        }
    }
}
