//! The way back of external scripts: to the server, as the session's own login.

use launchpod_database::{CallersLogin, Secret};
use launchpod_tds::login::Login;
use launchpod_tds::message::Reset;
use launchpod_types::{SqlError, Value};
use tokio_util::sync::CancellationToken;

use crate::channel::Channel;
use crate::connect::own_login;
use crate::line::Line;
use crate::{connection_lost, is_passing};

/// Who has logged in, for further connections.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The login's name.
    pub user: String,
    /// Its password, wiped from memory with the session.
    pub password: Secret,
}

// === impl Credential ===

impl Credential {
    /// What a login that has succeeded leaves: where it has changed the password, the new one.
    pub fn of(login: &Login) -> Self {
        let password = match login.flags.change_password() {
            true => &login.new_password,
            false => &login.password,
        };
        Credential { user: login.user_name.clone(), password: Secret::new(password.expose()) }
    }
}

/// Who a session acts as: EXECUTE AS and application roles show in the names, and in whether
/// anything is allowed outside of the database.
const ACTS_AS: &str =
    "SELECT SUSER_SNAME(), USER_NAME(), HAS_PERMS_BY_NAME(NULL, NULL, N'CONNECT SQL')";

/// The login of a script's connection: its caller's. Of what the script says, only that is taken
/// which changes neither who it is nor what it may.
pub fn as_caller(said: Login, caller: &CallersLogin) -> Login {
    let database = if said.database.is_empty() { &caller.database } else { &said.database };
    let (user, password) = (&caller.user, caller.password.expose());
    let mut login = own_login(user, password, database, &said.app_name, &said.host_name);
    if !said.flags.odbc() {
        login.flags.option2 &= !ODBC;
    }
    Login {
        tds_version: said.tds_version,
        packet_size: said.packet_size,
        client_version: said.client_version,
        client_pid: said.client_pid,
        time_zone: said.time_zone,
        client_lcid: said.client_lcid,
        library: said.library,
        language: said.language,
        features: said.features,
        ..login
    }
}

/// fODBC of OptionFlags2, [MS-TDS] 2.2.6.4: the session begins with ODBC's options.
const ODBC: u8 = 0x02;

// === impl Line ===

impl Line {
    /// Who the session acts as; `None` when the server can't tell.
    ///
    /// # Errors
    /// When the connection is lost, or the server hasn't the means to say it now.
    pub(crate) async fn acts_as(&self) -> Result<Option<Vec<Value>>, SqlError> {
        match self.row(ACTS_AS).await {
            Ok(row) => Ok(row),
            Err(error) if is_passing(&error) => Err(error),
            Err(error) => {
                tracing::debug!(%error, "The server can't tell who a session acts as");
                Ok(None)
            }
        }
    }

    /// Makes sure that a fresh connection, which has come to a database, acts as a script's caller
    /// does; the connection.
    ///
    /// # Errors
    /// 18456 when it doesn't: the caller acts as somebody with EXECUTE AS, whose login isn't known.
    pub async fn check(
        &self,
        channel: Channel,
        caller: &CallersLogin,
        database: &str,
    ) -> Result<Channel, SqlError> {
        self.lend(channel, 0, Reset::None, CancellationToken::new());
        let there = caller.database.replace(']', "]]");
        let here = database.replace(']', "]]");
        let row = self.row(&format!("USE [{there}]; {ACTS_AS}; USE [{here}]")).await;
        let channel = self.take_back().await.ok_or_else(connection_lost)?;
        if row? == Some(caller.acts_as.clone()) { Ok(channel) } else { Err(acts_as_another()) }
    }
}

fn acts_as_another() -> SqlError {
    SqlError::with_class(
        18456,
        14,
        "Login failed. The script's caller acts as somebody else (EXECUTE AS, an application role), \
         and Launchpod can't log in as that at the SQL Server behind; call the script without.",
    )
}

#[cfg(test)]
mod tests {
    use launchpod_tds::login::LoginFlags;
    use launchpod_tds::password::Password;

    use super::*;

    #[test]
    fn a_changed_password_is_the_one_that_holds() {
        let mut login = own_login("mary", "old", "", "", "");
        login.new_password = Password::from("new".to_owned());
        assert_eq!(Credential::of(&login).password.expose(), "old");
        // fChangePassword of OptionFlags3, [MS-TDS] 2.2.6.4.
        login.flags.option3 |= 0x01;
        let Credential { user, password } = Credential::of(&login);
        assert_eq!((&*user, password.expose()), ("mary", "new"));
    }

    #[test]
    fn a_script_says_nothing_about_who_it_is() {
        let caller = CallersLogin {
            user: "mary".to_owned(),
            password: Secret::new("secret"),
            database: "lab".to_owned(),
            acts_as: Vec::new(),
        };
        let mut said = own_login("sa", "guessed", "", "script", "worker");
        // Whoever changes a password at login needs to know the old one: Launchpod does.
        said.new_password = Password::from("mine".to_owned());
        said.flags = LoginFlags { option2: 0x83, option3: 0x01, types: 0x20, ..said.flags };
        said.attach_file = "/data/other.mdf".to_owned();
        let login = as_caller(said.clone(), &caller);
        assert_eq!((&*login.user_name, login.password.expose()), ("mary", "secret"));
        assert_eq!((&*login.database, &*login.app_name), ("lab", "script"));
        assert!(!login.flags.change_password() && !login.flags.integrated_security());
        assert_eq!(login.new_password, Password::default());
        assert!(login.attach_file.is_empty() && login.flags.odbc());
        said.database = "other".to_owned();
        said.flags.option2 = 0;
        let login = as_caller(said, &caller);
        assert_eq!(login.database, "other");
        assert!(!login.flags.odbc());
    }
}
