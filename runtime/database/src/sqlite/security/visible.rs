//! What of the catalog a caller may see ("Metadata visibility configuration").

use launchpod_types::SqlError;
use rusqlite::OptionalExtension;

use super::context::{Context, name_of};
use super::permission::{Class, Permission};
use super::principal::{self, server};
use super::rights::Securable;
use crate::sqlite::embedded::catalog::{Catalog, DatabaseName, TextName, failed};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::errors;
use crate::sqlite::system::base::BaseTable;

/// How the names of views begin that show the server, or what others do there.
const OF_SERVER_STATE: [&str; 5] = [
    "dm_external_script_",
    "dm_os_performance_counters",
    "dm_os_sys_info",
    "dm_resource_governor_",
    "dm_server_registry",
];

/// Where an object is.
struct Place {
    database: DatabaseName,
    schema: String,
    /// The table of a constraint, else the object itself.
    object: i64,
}

// === impl Catalog ===

impl Catalog<'_> {
    /// Where an object or constraint of this number is.
    fn place_of(&self, id: i64) -> Result<Option<Place>, SqlError> {
        let sql = r#"WITH found(object_id, database_id, schema) AS (
                         SELECT object_id, database_id, schema FROM main."launchpod.objects"
                         WHERE object_id = ?1
                         UNION ALL SELECT object_id, database_id, schema
                         FROM main."launchpod.modules" WHERE object_id = ?1
                         UNION ALL SELECT o.object_id, o.database_id, o.schema
                         FROM main."launchpod.constraints" k
                         JOIN main."launchpod.objects" o USING (object_id)
                         WHERE k.constraint_id = ?1)
                     SELECT f.object_id, f.schema, d.database_id, d.name FROM found f
                     JOIN main."launchpod.databases" d USING (database_id)"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let found = statement.query_row([id], |row| {
            let database = DatabaseName { id: row.get(2)?, name: row.get(3)? };
            Ok(Place { object: row.get(0)?, schema: row.get(1)?, database })
        });
        found.optional().map_err(failed)
    }

    /// The objects of a database, with their schemas.
    fn objects_of(&self, database: i64) -> Result<Vec<(i64, String)>, SqlError> {
        let sql = r#"SELECT object_id, schema FROM main."launchpod.objects" WHERE database_id = ?1
                     UNION ALL SELECT object_id, schema FROM main."launchpod.modules"
                     WHERE database_id = ?1"#;
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map([database], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }
}

// === impl Environment ===

impl Environment<'_> {
    /// The condition on a base table's rows that the caller may see; `None` for all of them.
    pub(crate) fn visible(&self, table: &BaseTable) -> Result<Option<String>, SqlError> {
        let context = self.context()?;
        let token = match table.name {
            "login_token" => Some(&context.rights.server_token),
            "user_token" => Some(&context.rights.database_token),
            _ => None,
        };
        if let Some(token) = token {
            return Ok(Some(format!("principal_id IN ({})", listed(token.iter().copied()))));
        }
        if context.rights.is_sysadmin {
            return Ok(None);
        }
        let has = |column: &str| table.columns.iter().any(|(known, ..)| *known == column);
        Ok(match table.name {
            "server_principals" => self.visible_logins(&context),
            "server_role_members" => {
                self.visible_logins(&context).map(|seen| seen.replace("principal_id", "member_id"))
            }
            "server_permissions" => self.visible_server_permissions(&context),
            "principals" => self.visible_principals(&context)?,
            "role_members" => self
                .visible_principals(&context)?
                .map(|seen| seen.replace("principal_id", "member_id")),
            "permissions" => visible_permissions(&context),
            _ if !has("object_id") || context.may(Class::Database, "VIEW DEFINITION") => None,
            name => {
                let code = if name == "definitions" { Some("VW") } else { None };
                let ids = self.visible_objects(&context, code)?;
                let parent = if has("parent_object_id") {
                    format!(" OR parent_object_id IN ({ids})")
                } else {
                    String::new()
                };
                // Those below 0 are temporary tables, which are the session's own.
                Some(format!("(object_id < 0 OR object_id IN ({ids}){parent})"))
            }
        })
    }

    /// The numbers of the objects on which the caller has a permission: any, or this one.
    fn visible_objects(&self, context: &Context, code: Option<&str>) -> Result<String, SqlError> {
        let objects = self.catalog().objects_of(self.database.id)?;
        let ids = objects.into_iter().filter(|(id, schema)| {
            let object = context.object(*id, schema);
            match code {
                Some(code) => context.may_object(code, object),
                None => context.rights.see(object),
            }
        });
        Ok(listed(ids.map(|(id, _)| id)))
    }

    fn visible_logins(&self, context: &Context) -> Option<String> {
        let any = ["VIEW ANY DEFINITION", "ALTER ANY LOGIN"];
        if any.iter().any(|name| context.may(Class::Server, name)) {
            return None;
        }
        let own = self.session.execution.actor().login;
        let own = listed(own.into_iter().chain(context.rights.server_token.iter().copied()));
        Some(format!("(principal_id < {} OR principal_id IN ({own}))", server::FIRST))
    }

    fn visible_server_permissions(&self, context: &Context) -> Option<String> {
        if context.may(Class::Server, "VIEW ANY DEFINITION") {
            return None;
        }
        Some(format!("grantee IN ({})", listed(context.rights.server_token.iter().copied())))
    }

    fn visible_principals(&self, context: &Context) -> Result<Option<String>, SqlError> {
        if context.may(Class::Database, "VIEW DEFINITION")
            || context.may(Class::Database, "ALTER ANY USER")
        {
            return Ok(None);
        }
        let mut ids = Vec::new();
        for (id, is_role) in self.catalog().principal_ids(self.database.id)? {
            let class = if is_role { Class::Role } else { Class::User };
            let known = principal::is_fixed(id) || context.rights.database_token.contains(&id);
            if known || context.rights.see(Securable::of(class, id, None)) {
                ids.push(id);
            }
        }
        Ok(Some(format!("principal_id IN ({})", listed(ids.into_iter()))))
    }

    /// Whether the caller may know that an object is there.
    pub(crate) fn sees(&self, id: i64) -> Result<bool, SqlError> {
        self.may_on(id, None)
    }

    /// Whether the caller may read an object's definition.
    pub(crate) fn may_define(&self, id: i64) -> Result<bool, SqlError> {
        self.may_on(id, Permission::coded(Class::Object, "VW"))
    }

    fn may_on(&self, id: i64, permission: Option<Permission>) -> Result<bool, SqlError> {
        if id < 0 || self.context()?.rights.is_sysadmin {
            return Ok(true);
        }
        let Some(place) = self.catalog().place_of(id)? else { return Ok(true) };
        let context = match self.context_in(&place.database) {
            Ok(context) => context,
            Err(error) if error.number() == 916 => return Ok(false),
            Err(error) => return Err(error),
        };
        let object = context.object(place.object, &place.schema);
        Ok(match permission {
            Some(permission) => context.rights.allow(permission, object),
            None => context.rights.see(object),
        })
    }

    /// Checks that the caller may read a view of the system's in a database.
    ///
    /// # Errors
    /// 916 when they may not enter the database, 300 for the server's state.
    pub(crate) fn check_view(&self, name: &str, database: &DatabaseName) -> Result<(), SqlError> {
        let context = self.context_in(database)?;
        let of_state = OF_SERVER_STATE.iter().any(|beginning| name.starts_with(beginning));
        if of_state && !context.may(Class::Server, "VIEW SERVER STATE") {
            return Err(errors::server_permission("VIEW SERVER STATE"));
        }
        Ok(())
    }

    /// The schemas in which a name in a text is looked for, in order.
    pub(crate) fn text_schemas(&self, name: &TextName) -> Result<Vec<String>, SqlError> {
        if let Some(schema) = &name.schema {
            return Ok(vec![schema.clone()]);
        }
        self.default_schemas(name.database.as_ref() == Some(self.database))
    }

    /// What `SUSER_SNAME()` returns.
    pub(crate) fn login_name(&self) -> Result<String, SqlError> {
        name_of(self.catalog(), self.session.execution.actor())
    }
}

fn visible_permissions(context: &Context) -> Option<String> {
    if context.may(Class::Database, "VIEW DEFINITION") {
        return None;
    }
    let token = listed(context.rights.database_token.iter().copied());
    Some(format!("(grantee IN ({token}) OR grantor IN ({token}))"))
}

/// Numbers with commas between them, for IN.
fn listed(ids: impl Iterator<Item = i64>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.join(",")
}
