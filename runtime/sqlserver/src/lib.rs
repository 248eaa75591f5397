//! A SQL Server behind Launchpod.
//!
//! [`Upstream::connect`] opens a session there with a client's own login. The [`Channel`] that it
//! gives carries whole packets both ways, for a front that passes them on. Where a request
//! reaches an external script ([`Definitions`] tells), the front lends the channel to a [`Line`],
//! over which the interpreter's session ([`Remote`]) runs single statements: rows go from the
//! wire straight into Arrow builders.
//!
//! What the server sends is hostile until checked: `launchpod-tds` bounds it.

mod answer;
mod batches;
mod channel;
mod config;
mod connect;
mod database;
mod definitions;
mod impersonation;
mod insert;
mod job;
mod line;
mod literal;
mod look_back;
mod loopback;
mod options;
mod permit;
mod reach;
mod remote;
mod state;
mod statement;
mod table_types;
mod text;
mod tls;

pub use channel::{Channel, Receiver, Sender, Tail};
pub use config::{Address, AddressError, Config, DefinitionLogin, Encryption};
pub use connect::{ConnectError, Connected, Upstream};
pub use database::{SqlServer, refused};
pub use definitions::{Definitions, Reached};
pub use line::{Line, Resumed};
pub use look_back::{Left, LookBack};
pub use loopback::{Credential, as_caller};
pub use reach::Reach;
pub use remote::Remote;

/// Whether an error is what a server says that has no external scripts itself, of a procedure that
/// it runs by itself: they are not installed (39020), disabled (39023), or it doesn't know their
/// procedure, in whatever words.
pub fn is_about_scripts(number: i32, text: &str) -> bool {
    matches!(number, 39020 | 39023) || text.to_lowercase().contains(reach::EXTERNAL_SCRIPT)
}

/// The error for a server's cursor over what an external script returns; `procedure` opens it.
pub fn no_cursor(procedure: &str) -> launchpod_types::SqlError {
    let text = format!(
        "Statement '{procedure} of an external script' is not supported in this version of SQL Server."
    );
    launchpod_types::SqlError::new(40510, text)
}

/// What is added to such an error.
pub const UNREAD_HINT: &str = "The server runs this procedure by itself, because its definition can't be read here; so external scripts in it don't reach Launchpod. GRANT VIEW DEFINITION on it to the caller, or name a definition_login in Launchpod's settings; one WITH ENCRYPTION can't be read at all.";

/// Whether an error says nothing of what the server knows: the connection, a lock (1204, 1205, 1222)
/// or its resources are the matter ("Database Engine error severities", from 17 on).
pub(crate) fn is_passing(error: &launchpod_types::SqlError) -> bool {
    error.0.class >= 17 || matches!(error.number(), 1204 | 1205 | 1222)
}

/// What becomes of a session whose connection to the server is lost: the number and text that
/// SQL Server's clients know of a session that was ended ("Database engine events and errors").
pub fn connection_lost() -> launchpod_types::SqlError {
    launchpod_types::SqlError::with_class(
        596,
        21,
        "Cannot continue the execution because the session is in the kill state.",
    )
}
