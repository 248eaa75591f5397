//! Whether a session may run external scripts: the server is asked, on the caller's own connection.

use launchpod_types::{SqlError, Value};
use tracing::debug;

use crate::database::SqlServer;
use crate::is_passing;
use crate::line::Line;

/// The permission, of a database.
const PERMISSION: &str = "EXECUTE ANY EXTERNAL SCRIPT";
/// Whether a server has that permission at all ("sys.fn_builtin_permissions (Transact-SQL)").
const IS_KNOWN: &str = "(SELECT COUNT(*) FROM sys.fn_builtin_permissions(N'DATABASE') WHERE permission_name = N'EXECUTE ANY EXTERNAL SCRIPT')";

// === impl Line ===

impl Line {
    /// Checks that the session may run scripts of a language.
    ///
    /// # Errors
    /// 262 when it may run none, 39007 when it may run those of other languages.
    pub(crate) async fn permit_script(
        &self,
        server: &SqlServer,
        language: &str,
    ) -> Result<(), SqlError> {
        let database = self.identity().database;
        // As the documentation of HAS_PERMS_BY_NAME asks of a database: by its name.
        let any =
            format!("HAS_PERMS_BY_NAME({}, N'DATABASE', N'{PERMISSION}')", literal(&database));
        let one = format!(
            "HAS_PERMS_BY_NAME({}, N'EXTERNAL LANGUAGE', N'EXECUTE EXTERNAL SCRIPT')",
            literal(language)
        );
        let [any, one] = self.say([any, one]).await?;
        match (any, one) {
            (Some(true), Some(false)) => return Err(no_such_language(language)),
            (Some(true), _) | (Some(false), Some(true)) => return Ok(()),
            _ => {}
        }
        if self.says("IS_SRVROLEMEMBER(N'sysadmin')".to_owned()).await? == Some(true) {
            return Ok(());
        }
        // Roles count only before a server that doesn't know the permission: a DENY is the last word.
        let script_role = server.upstream().config().script_role.as_deref();
        let is_known =
            any.is_some() && (script_role.is_none() || server.knows_permission(self).await?);
        if !is_known {
            for role in ["db_owner"].into_iter().chain(script_role) {
                if self.says(format!("IS_ROLEMEMBER({})", literal(role))).await? == Some(true) {
                    return Ok(());
                }
            }
        }
        Err(denied(&database))
    }

    /// What functions say; nothing of those that aren't there, or don't know what they are asked
    /// for (NULL).
    async fn say<const N: usize>(
        &self,
        questions: [String; N],
    ) -> Result<[Option<bool>; N], SqlError> {
        let mut said = [None; N];
        match self.row(&format!("SELECT {}", questions.join(", "))).await {
            Ok(row) => {
                for (said, value) in said.iter_mut().zip(row.unwrap_or_default()) {
                    *said = match value {
                        Value::Int(number) => Some(number == 1),
                        Value::Bit(bit) => Some(bit),
                        _ => None,
                    };
                }
                Ok(said)
            }
            Err(error) if is_passing(&error) => Err(error),
            Err(error) => {
                debug!(%error, ?questions, "The server can't tell");
                Ok(said)
            }
        }
    }

    async fn says(&self, question: String) -> Result<Option<bool>, SqlError> {
        self.say([question]).await.map(|[said]| said)
    }
}

// === impl SqlServer ===

impl SqlServer {
    /// Whether the server has the permission to run external scripts, which is remembered.
    /// Babelfish says of it that nobody has it, and can't grant it.
    async fn knows_permission(&self, line: &Line) -> Result<bool, SqlError> {
        if let Some(is_known) = self.known_permission().get() {
            return Ok(*is_known);
        }
        let is_known = line.says(IS_KNOWN.to_owned()).await? == Some(true);
        Ok(*self.known_permission().get_or_init(|| is_known))
    }
}

fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

fn denied(database: &str) -> SqlError {
    SqlError::with_class(
        262,
        14,
        format!("{PERMISSION} permission denied in database '{database}'."),
    )
}

fn no_such_language(name: &str) -> SqlError {
    SqlError::new(
        39007,
        format!("The specified language '{name}' does not exist or you do not have permission."),
    )
}
