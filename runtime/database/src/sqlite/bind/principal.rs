//! Functions about principals and permissions, whose values don't change while a statement runs.

use std::sync::Arc;

use launchpod_tsql::ast::{
    CompareOperator, Identifier, ObjectName, SecurableName, Span, same_name,
};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::Binder;
use super::expression::case;
use super::metadata::{name_of, optional_name};
use super::predicate::compare;
use super::tree::Bound;
use crate::sqlite::errors;
use crate::sqlite::security::context::Context;
use crate::sqlite::security::grants::OF_COLUMNS;
use crate::sqlite::security::permission::{Class, Permission};
use crate::sqlite::security::principal::{database, server};
use crate::sqlite::security::rights::Securable;
use crate::sqlite::security::store::{self, Principal};
use crate::sqlite::system;

/// The type of SIDs.
const SID: SqlType = SqlType::VarBinary(Length::Limited(85));

// === impl Binder ===

impl Binder<'_> {
    /// A function about principals and permissions with constant arguments; `None` when the name
    /// isn't one of these, or an argument is a column that it isn't made for.
    pub(super) fn principal_function(
        &mut self,
        name: &str,
        arguments: &[Bound],
    ) -> Result<Option<Bound>, SqlError> {
        let known = [
            ("DATABASE_PRINCIPAL_ID", 0, 1),
            ("HAS_DBACCESS", 1, 1),
            ("HAS_PERMS_BY_NAME", 3, 5),
            ("IS_MEMBER", 1, 1),
            ("IS_ROLEMEMBER", 1, 2),
            ("IS_SRVROLEMEMBER", 1, 2),
            ("ORIGINAL_LOGIN", 0, 0),
            ("SUSER_ID", 0, 1),
            ("SUSER_NAME", 0, 1),
            ("SUSER_SID", 0, 2),
            ("SUSER_SNAME", 0, 1),
            ("USER_ID", 0, 1),
            ("USER_NAME", 0, 1),
        ];
        let Some((_, least, most)) = known.iter().find(|(known, ..)| *known == name) else {
            return Ok(None);
        };
        if !(*least..=*most).contains(&arguments.len()) {
            let count = if least == most { most.to_string() } else { format!("{least} to {most}") };
            return Err(errors::argument_count(&name.to_ascii_lowercase(), &count));
        }
        if !arguments.iter().all(Bound::is_constant) {
            return match (name, arguments) {
                ("HAS_DBACCESS", [database]) => self.access_by_name(database).map(Some),
                ("HAS_PERMS_BY_NAME", [of @ .., column, kind])
                    if of.len() == 3 && of.iter().chain([kind]).all(Bound::is_constant) =>
                {
                    self.permission_by_column(of, column, kind).map(Some)
                }
                _ if system::function(name).is_some() => Ok(None),
                _ => Err(errors::metadata_of_column()),
            };
        }
        let values = arguments.iter().map(|argument| self.environment.evaluate(argument));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let text = |at: usize| match values.get(at) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let number = match values.first() {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        let none = values.is_empty();
        Ok(Some(match name {
            "ORIGINAL_LOGIN" => optional_name(Some(self.environment.session.login.clone())),
            "SUSER_SNAME" | "SUSER_NAME" if none => {
                optional_name(Some(self.environment.login_name()?))
            }
            "SUSER_NAME" => optional_name(self.login_by_id(number)?.map(|login| login.name)),
            "SUSER_SNAME" => optional_name(match values.first() {
                Some(Value::Binary(sid)) => self.login_by_sid(sid)?.map(|login| login.name),
                _ => None,
            }),
            "SUSER_ID" | "SUSER_SID" => {
                let login = if none { self.own_login()? } else { self.login_named(text(0))? };
                if name == "SUSER_ID" {
                    optional_int(login.map(|login| login.id))
                } else {
                    let sid = login.and_then(|login| login.sid);
                    let sid = sid.map_or(Value::Null, Value::Binary);
                    Bound { nullable: true, ..Bound::constant(sid, SID) }
                }
            }
            "USER_NAME" if none => optional_name(Some(self.context()?.user_name.clone())),
            "USER_NAME" => {
                let id = number.unwrap_or(-1);
                let catalog = self.environment.catalog();
                let found = catalog.principal_by_id(self.environment.database.id, id)?;
                optional_name(found.map(|found| found.name))
            }
            "USER_ID" | "DATABASE_PRINCIPAL_ID" if none => optional_int(Some(self.context()?.user)),
            "USER_ID" | "DATABASE_PRINCIPAL_ID" => {
                optional_int(self.principal_named(text(0))?.map(|found| found.id))
            }
            "HAS_DBACCESS" => optional_int(self.has_access(text(0))?.map(i64::from)),
            "IS_MEMBER" => optional_int(self.is_role_member(text(0), None)?.map(i64::from)),
            "IS_ROLEMEMBER" => {
                if values.len() == 2 && text(1).is_none() {
                    return Ok(Some(optional_int(None)));
                }
                optional_int(self.is_role_member(text(0), text(1))?.map(i64::from))
            }
            "IS_SRVROLEMEMBER" => {
                if values.len() == 2 && text(1).is_none() {
                    return Ok(Some(optional_int(None)));
                }
                optional_int(self.is_server_role_member(text(0), text(1))?.map(i64::from))
            }
            _ if values.len() > 3 && !matches!(values[3], Value::Null) => {
                let found =
                    self.has_column_permission(text(0), text(1), text(2), (text(3), text(4)));
                optional_int(found?.map(i64::from))
            }
            _ => optional_int(self.has_permission(text(0), text(1), text(2))?.map(i64::from)),
        }))
    }

    fn context(&self) -> Result<Arc<Context>, SqlError> {
        self.environment.context()
    }

    fn own_login(&self) -> Result<Option<Principal>, SqlError> {
        self.login_by_id(self.environment.session.execution.actor().login)
    }

    fn login_by_id(&self, id: Option<i64>) -> Result<Option<Principal>, SqlError> {
        match id {
            Some(id) => self.environment.catalog().server_principal_by_id(id),
            None => Ok(None),
        }
    }

    fn login_by_sid(&self, sid: &[u8]) -> Result<Option<Principal>, SqlError> {
        let catalog = self.environment.catalog();
        match catalog.login_of_sid(sid)? {
            Some(id) => catalog.server_principal_by_id(id),
            None => Ok(None),
        }
    }

    fn login_named(&self, name: Option<&str>) -> Result<Option<Principal>, SqlError> {
        match name {
            Some(name) => self.environment.catalog().server_principal(name),
            None => Ok(None),
        }
    }

    fn principal_named(&self, name: Option<&str>) -> Result<Option<Principal>, SqlError> {
        match name {
            Some(name) => self.environment.catalog().principal(self.environment.database, name),
            None => Ok(None),
        }
    }

    fn has_access(&self, name: Option<&str>) -> Result<Option<bool>, SqlError> {
        let Some(name) = name else { return Ok(None) };
        let Some(database) = self.environment.catalog().database(name)? else { return Ok(None) };
        match self.environment.context_in(&database) {
            Ok(_) => Ok(Some(true)),
            Err(error) if error.number() == 916 => Ok(Some(false)),
            Err(error) => Err(error),
        }
    }

    /// Whether the caller may enter the database that a row names.
    fn access_by_name(&self, name: &Bound) -> Result<Bound, SqlError> {
        let mut branches = Vec::new();
        for database in self.environment.catalog().databases()? {
            let access = self.has_access(Some(&database.name))?;
            let named = name_of(&database.name);
            let named = compare(CompareOperator::Equal, name.clone(), named)?;
            branches.push((named, optional_int(access.map(i64::from))));
        }
        case(branches, None)
    }

    /// Whether somebody, or the caller, is in a role; `None` when there is no such role.
    fn is_role_member(
        &self,
        role: Option<&str>,
        principal: Option<&str>,
    ) -> Result<Option<bool>, SqlError> {
        let role = self.principal_named(role)?.filter(|role| role.is_role);
        let Some(role) = role else { return Ok(None) };
        let context = self.context()?;
        let Some(principal) = principal else {
            // Who is dbo is an owner, without being a member.
            let owner = context.rights.is_dbo && role.id == database::OWNER;
            return Ok(Some(owner || context.rights.database_token.contains(&role.id)));
        };
        let Some(principal) = self.principal_named(Some(principal))? else { return Ok(None) };
        let catalog = self.environment.catalog();
        let token = catalog.token(self.environment.database.id, principal.id)?;
        let owner = principal.id == database::DBO && role.id == database::OWNER;
        Ok(Some(owner || role.id == database::PUBLIC || token.contains(&role.id)))
    }

    /// The same of a role of the server.
    fn is_server_role_member(
        &self,
        role: Option<&str>,
        login: Option<&str>,
    ) -> Result<Option<bool>, SqlError> {
        let role = self.login_named(role)?.filter(|role| role.is_role);
        let Some(role) = role else { return Ok(None) };
        if login.is_none() {
            let rights = &self.context()?.rights;
            return Ok(Some(rights.server_token.contains(&role.id)));
        }
        let Some(login) = self.login_named(login)? else { return Ok(None) };
        let token = self.environment.catalog().token(store::SERVER, login.id)?;
        Ok(Some(role.id == server::PUBLIC || token.contains(&role.id)))
    }

    /// `HAS_PERMS_BY_NAME(object, 'OBJECT', permission, name, 'COLUMN')`; `None` when one of them
    /// isn't there.
    pub(super) fn has_column_permission(
        &self,
        object: Option<&str>,
        class: Option<&str>,
        permission: Option<&str>,
        (column, kind): (Option<&str>, Option<&str>),
    ) -> Result<Option<bool>, SqlError> {
        let (Some(object), Some(permission), Some(column)) = (object, permission, column) else {
            return Ok(None);
        };
        let is = |given: Option<&str>, wanted| given.is_some_and(|given| same_name(given, wanted));
        let permission = permission.to_ascii_uppercase();
        if !is(class, "OBJECT") || !is(kind, "COLUMN") || !OF_COLUMNS.contains(&&*permission) {
            return Ok(None);
        }
        let Some((context, on)) = self.securable_named(Class::Object, object)? else {
            return Ok(None);
        };
        // Who may not know of an object learns nothing of its columns.
        if !context.rights.see(on) {
            return Ok(None);
        }
        let columns = self.environment.catalog().column_names(on.id)?;
        let known = columns.into_iter().find(|(_, name)| same_name(name, column));
        let permission = Permission::named(Class::Object, &permission);
        Ok(known.zip(permission).map(|((column, _), permission)| {
            context.rights.allow_column(permission, on, Some(column))
        }))
    }

    /// The same for the column that a row names.
    fn permission_by_column(
        &self,
        of: &[Bound],
        column: &Bound,
        kind: &Bound,
    ) -> Result<Bound, SqlError> {
        let values = of.iter().chain([kind]).map(|argument| self.environment.evaluate(argument));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let text = |at: usize| match &values[at] {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        };
        let object = text(0).map(|name| self.securable_named(Class::Object, name)).transpose()?;
        let mut branches = Vec::new();
        if let Some((_, on)) = object.flatten() {
            for (_, name) in self.environment.catalog().column_names(on.id)? {
                let sub = (Some(name.as_str()), text(3));
                let found = self.has_column_permission(text(0), text(1), text(2), sub)?;
                let named = compare(CompareOperator::Equal, column.clone(), name_of(&name))?;
                branches.push((named, optional_int(found.map(i64::from))));
            }
        }
        match branches.is_empty() {
            true => Ok(optional_int(None)),
            false => case(branches, None),
        }
    }

    /// The names of an object's columns, by the object's name in a text.
    pub(super) fn columns_of_object(&self, name: &str) -> Result<Vec<String>, SqlError> {
        let Some((_, on)) = self.securable_named(Class::Object, name)? else {
            return Ok(Vec::new());
        };
        let columns = self.environment.catalog().column_names(on.id)?;
        Ok(columns.into_iter().map(|(_, name)| name).collect())
    }

    /// A thing of the current database by its name, and what the caller may do there.
    fn securable_named(
        &self,
        class: Class,
        name: &str,
    ) -> Result<Option<(Arc<Context>, Securable)>, SqlError> {
        let Some(name) = self.text_object(name)? else { return Ok(None) };
        let columns = Vec::new();
        let named = SecurableName { class: Some(class.name().to_owned()), name, columns };
        match self.environment.securable(&named) {
            Ok(found) => Ok(Some((self.context()?, found.securable))),
            Err(_) => Ok(None),
        }
    }

    /// `HAS_PERMS_BY_NAME(securable, class, permission)`; `None` when one of them isn't there.
    pub(super) fn has_permission(
        &self,
        securable: Option<&str>,
        class: Option<&str>,
        permission: Option<&str>,
    ) -> Result<Option<bool>, SqlError> {
        let Some(permission) = permission else { return Ok(None) };
        let class = match class {
            None if securable.is_none() => Class::Server,
            None => return Ok(None),
            Some(class) => match Class::named(&class.to_ascii_uppercase()) {
                Some(class) => class,
                None => return Ok(None),
            },
        };
        let (context, on) = match (class, securable) {
            (Class::Server, _) => (self.context()?, Securable::SERVER),
            (Class::Database, None) => (self.context()?, Securable::DATABASE),
            (Class::Database, Some(name)) => {
                let Some(database) = self.environment.catalog().database(name)? else {
                    return Ok(None);
                };
                match self.environment.context_in(&database) {
                    Ok(context) => (context, Securable::DATABASE),
                    Err(error) if error.number() == 916 => return Ok(Some(false)),
                    Err(error) => return Err(error),
                }
            }
            (_, None) => return Ok(None),
            (_, Some(name)) => match self.securable_named(class, name)? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        if same_name(permission, "ANY") {
            return Ok(Some(context.rights.see(on)));
        }
        let permission = Permission::named(class, &permission.to_ascii_uppercase());
        Ok(permission.map(|permission| context.rights.allow(permission, on)))
    }

    /// A name in a text, as a statement would have it.
    fn text_object(&self, text: &str) -> Result<Option<ObjectName>, SqlError> {
        let environment = self.environment;
        let name = environment.catalog().text_name(text, environment.database)?;
        let Some(database) = name.database else { return Ok(None) };
        Ok(Some(ObjectName {
            server: None,
            database: (database != *environment.database).then(|| Identifier::new(database.name)),
            schema: name.schema.map(Identifier::new),
            name: Identifier::new(name.name),
            span: Span::default(),
            line: 1,
        }))
    }
}

fn optional_int(value: Option<i64>) -> Bound {
    Bound { nullable: true, ..Bound::constant(value.map_or(Value::Null, Value::Int), SqlType::Int) }
}
