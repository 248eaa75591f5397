//! The permissions, and which of them imply which.
//!
//! From the documentation's "sys.fn_builtin_permissions" and the poster of the permissions of the
//! Database Engine. A permission that isn't listed can't be granted.

use std::fmt;

/// What a permission is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    Server,
    Login,
    ServerRole,
    Database,
    User,
    Role,
    Schema,
    /// A table, view, procedure or function.
    Object,
    ExternalLanguage,
}

/// A permission on a class.
pub(crate) struct Definition {
    pub(crate) class: Class,
    /// Its type in `sys.database_permissions`, without the blanks at its end.
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// The permissions that imply it: of its class, or of one that contains its class.
    pub(crate) implied_by: &'static [(Class, &'static str)],
}

/// A permission.
#[derive(Clone, Copy)]
pub(crate) struct Permission(&'static Definition);

use Class::{Database, ExternalLanguage, Login, Object, Role, Schema, Server, ServerRole, User};

macro_rules! permissions {
    ($($class:ident $code:literal $name:literal <- $($from:ident $by:literal)*;)*) => {
        &[$(Definition {
            class: $class, code: $code, name: $name, implied_by: &[$(($from, $by)),*],
        }),*]
    };
}

#[rustfmt::skip]
static DEFINITIONS: &[Definition] = permissions! {
    Server "CL" "CONTROL SERVER" <- ;
    Server "ADBO" "ADMINISTER BULK OPERATIONS" <- Server "CL";
    Server "ALCO" "ALTER ANY CONNECTION" <- Server "CL";
    Server "ALDB" "ALTER ANY DATABASE" <- Server "CL";
    Server "ALLG" "ALTER ANY LOGIN" <- Server "CL";
    Server "ALRS" "ALTER RESOURCES" <- Server "CL";
    Server "ALSR" "ALTER ANY SERVER ROLE" <- Server "CL";
    Server "ALSS" "ALTER SERVER STATE" <- Server "CL";
    Server "ALST" "ALTER SETTINGS" <- Server "CL";
    Server "ALTR" "ALTER TRACE" <- Server "CL";
    Server "CADB" "CONNECT ANY DATABASE" <- Server "CL";
    Server "COSQ" "CONNECT SQL" <- Server "CL";
    Server "CRDB" "CREATE ANY DATABASE" <- Server "ALDB";
    Server "CRLG" "CREATE LOGIN" <- Server "ALLG";
    Server "CRSR" "CREATE SERVER ROLE" <- Server "ALSR";
    Server "IAL" "IMPERSONATE ANY LOGIN" <- Server "CL";
    Server "SHDN" "SHUTDOWN" <- Server "CL";
    Server "SUS" "SELECT ALL USER SECURABLES" <- Server "CL";
    Server "VWAD" "VIEW ANY DEFINITION" <- Server "CL";
    Server "VWDB" "VIEW ANY DATABASE" <- Server "ALDB";
    Server "VWSS" "VIEW SERVER STATE" <- Server "ALSS";

    Login "CL" "CONTROL" <- Server "CL";
    Login "AL" "ALTER" <- Login "CL" Server "ALLG";
    Login "IM" "IMPERSONATE" <- Login "CL" Server "IAL";
    Login "VW" "VIEW DEFINITION" <- Login "CL" Login "AL" Server "VWAD";

    ServerRole "CL" "CONTROL" <- Server "CL";
    ServerRole "AL" "ALTER" <- ServerRole "CL" Server "ALSR";
    ServerRole "TO" "TAKE OWNERSHIP" <- ServerRole "CL";
    ServerRole "VW" "VIEW DEFINITION" <- ServerRole "CL" ServerRole "AL" Server "VWAD";

    Database "CL" "CONTROL" <- Server "CL";
    Database "AL" "ALTER" <- Database "CL" Server "ALDB";
    Database "ALRL" "ALTER ANY ROLE" <- Database "AL";
    Database "ALSM" "ALTER ANY SCHEMA" <- Database "AL";
    Database "ALUS" "ALTER ANY USER" <- Database "AL";
    Database "AUTH" "AUTHENTICATE" <- Database "CL";
    Database "BADB" "BACKUP DATABASE" <- Database "CL";
    Database "BALO" "BACKUP LOG" <- Database "CL";
    Database "CO" "CONNECT" <- Database "CL" Server "CADB";
    Database "CP" "CHECKPOINT" <- Database "CL";
    Database "CRDB" "CREATE DATABASE" <- Database "CL" Server "CRDB";
    Database "CRDF" "CREATE DEFAULT" <- Database "AL";
    Database "CRFN" "CREATE FUNCTION" <- Database "AL";
    Database "CRPR" "CREATE PROCEDURE" <- Database "AL";
    Database "CRRL" "CREATE ROLE" <- Database "ALRL";
    Database "CRRU" "CREATE RULE" <- Database "AL";
    Database "CRSM" "CREATE SCHEMA" <- Database "ALSM";
    Database "CRSN" "CREATE SYNONYM" <- Database "AL";
    Database "CRTB" "CREATE TABLE" <- Database "AL";
    Database "CRTY" "CREATE TYPE" <- Database "AL";
    Database "CRVW" "CREATE VIEW" <- Database "AL";
    Database "DL" "DELETE" <- Database "CL";
    Database "EAES" "EXECUTE ANY EXTERNAL SCRIPT" <- Database "CL";
    Database "EX" "EXECUTE" <- Database "CL";
    Database "IN" "INSERT" <- Database "CL";
    Database "RF" "REFERENCES" <- Database "CL";
    Database "SL" "SELECT" <- Database "CL" Server "SUS";
    Database "SPLN" "SHOWPLAN" <- Database "CL" Server "ALTR";
    Database "TO" "TAKE OWNERSHIP" <- Database "CL";
    Database "UP" "UPDATE" <- Database "CL";
    Database "VW" "VIEW DEFINITION" <- Database "CL" Server "VWAD";
    Database "VWDS" "VIEW DATABASE STATE" <- Database "CL" Server "VWSS";

    User "CL" "CONTROL" <- Database "CL";
    User "AL" "ALTER" <- User "CL" Database "ALUS";
    User "IM" "IMPERSONATE" <- User "CL";
    User "VW" "VIEW DEFINITION" <- User "CL" User "AL" Database "VW";

    Role "CL" "CONTROL" <- Database "CL";
    Role "AL" "ALTER" <- Role "CL" Database "ALRL";
    Role "TO" "TAKE OWNERSHIP" <- Role "CL";
    Role "VW" "VIEW DEFINITION" <- Role "CL" Role "AL" Database "VW";

    Schema "CL" "CONTROL" <- Database "CL";
    Schema "AL" "ALTER" <- Schema "CL" Database "ALSM";
    Schema "CRSO" "CREATE SEQUENCE" <- Schema "AL";
    Schema "DL" "DELETE" <- Schema "CL" Database "DL";
    Schema "EX" "EXECUTE" <- Schema "CL" Database "EX";
    Schema "IN" "INSERT" <- Schema "CL" Database "IN";
    Schema "RF" "REFERENCES" <- Schema "CL" Database "RF";
    Schema "SL" "SELECT" <- Schema "CL" Database "SL";
    Schema "TO" "TAKE OWNERSHIP" <- Schema "CL";
    Schema "UP" "UPDATE" <- Schema "CL" Database "UP";
    Schema "VW" "VIEW DEFINITION" <- Schema "CL" Schema "AL" Database "VW";
    Schema "VWCT" "VIEW CHANGE TRACKING" <- Schema "CL";

    Object "CL" "CONTROL" <- Schema "CL";
    Object "AL" "ALTER" <- Object "CL" Schema "AL";
    Object "DL" "DELETE" <- Object "CL" Schema "DL";
    Object "EX" "EXECUTE" <- Object "CL" Schema "EX";
    Object "IN" "INSERT" <- Object "CL" Schema "IN";
    Object "RF" "REFERENCES" <- Object "CL" Schema "RF";
    Object "SL" "SELECT" <- Object "CL" Schema "SL";
    Object "TO" "TAKE OWNERSHIP" <- Object "CL";
    Object "UP" "UPDATE" <- Object "CL" Schema "UP";
    Object "VW" "VIEW DEFINITION" <- Object "CL" Object "AL" Schema "VW";
    Object "VWCT" "VIEW CHANGE TRACKING" <- Object "CL" Schema "VWCT";

    ExternalLanguage "CL" "CONTROL" <- Database "CL";
    ExternalLanguage "AL" "ALTER" <- ExternalLanguage "CL" Database "AL";
    ExternalLanguage "EXES" "EXECUTE EXTERNAL SCRIPT" <- ExternalLanguage "CL" Database "EAES";
    ExternalLanguage "RF" "REFERENCES" <- ExternalLanguage "CL" Database "RF";
    ExternalLanguage "TO" "TAKE OWNERSHIP" <- ExternalLanguage "CL";
    ExternalLanguage "VW" "VIEW DEFINITION" <- ExternalLanguage "CL" Database "VW";
};

// === impl Class ===

impl Class {
    /// Its number in `sys.database_permissions` and `sys.server_permissions`.
    pub(crate) fn number(self) -> i64 {
        match self {
            Database => 0,
            Object => 1,
            Schema => 3,
            User | Role => 4,
            ExternalLanguage => 27,
            Server => 100,
            Login | ServerRole => 101,
        }
    }

    /// The class that a statement names before `::`, or HAS_PERMS_BY_NAME.
    pub(crate) fn named(name: &str) -> Option<Class> {
        Some(match name {
            "SERVER" => Server,
            "LOGIN" => Login,
            "SERVER ROLE" => ServerRole,
            "DATABASE" => Database,
            "USER" => User,
            "ROLE" => Role,
            "SCHEMA" => Schema,
            "OBJECT" => Object,
            "EXTERNAL LANGUAGE" => ExternalLanguage,
            _ => return None,
        })
    }

    /// The class's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Server => "SERVER",
            Login => "LOGIN",
            ServerRole => "SERVER ROLE",
            Database => "DATABASE",
            User => "USER",
            Role => "ROLE",
            Schema => "SCHEMA",
            Object => "OBJECT",
            ExternalLanguage => "EXTERNAL LANGUAGE",
        }
    }

    /// Whether its permissions are the server's.
    pub(crate) fn is_of_server(self) -> bool {
        matches!(self, Server | Login | ServerRole)
    }
}

// === impl Permission ===

impl Permission {
    /// The permission of a name, in upper case, on a class.
    pub(crate) fn named(class: Class, name: &str) -> Option<Permission> {
        let found = |definition: &&Definition| definition.class == class && definition.name == name;
        DEFINITIONS.iter().find(found).map(Permission)
    }

    /// The permission of a code on a class. The codes in this crate are listed: a test says so.
    pub(crate) fn coded(class: Class, code: &str) -> Option<Permission> {
        let found = |definition: &&Definition| definition.class == class && definition.code == code;
        DEFINITIONS.iter().find(found).map(Permission)
    }

    /// All permissions on a class.
    pub(crate) fn of(class: Class) -> impl Iterator<Item = Permission> {
        DEFINITIONS.iter().filter(move |definition| definition.class == class).map(Permission)
    }

    pub(crate) fn all() -> impl Iterator<Item = Permission> {
        DEFINITIONS.iter().map(Permission)
    }

    pub(crate) fn class(self) -> Class {
        self.0.class
    }

    pub(crate) fn code(self) -> &'static str {
        self.0.code
    }

    pub(crate) fn name(self) -> &'static str {
        self.0.name
    }

    /// The permissions that imply it directly.
    pub(crate) fn implied_by(self) -> impl Iterator<Item = Permission> {
        self.0.implied_by.iter().filter_map(|(class, code)| Permission::coded(*class, code))
    }
}

impl PartialEq for Permission {
    fn eq(&self, other: &Permission) -> bool {
        (self.class(), self.code()) == (other.class(), other.code())
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.name(), self.class().name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_implies_a_permission_is_listed_and_leads_to_control() {
        for definition in DEFINITIONS {
            for (class, code) in definition.implied_by {
                assert!(Permission::coded(*class, code).is_some(), "{class:?} {code}");
                assert!(*class <= definition.class, "{}", definition.name);
            }
            let mut permission = Permission(definition);
            for _ in 0..DEFINITIONS.len() {
                let Some(next) = permission.implied_by().last() else { break };
                permission = next;
            }
            assert_eq!(permission.name(), "CONTROL SERVER", "{}", definition.name);
        }
    }

    #[test]
    fn names_and_codes_are_unique_on_their_class() {
        for permission in Permission::all() {
            let class = permission.class();
            assert_eq!(Permission::named(class, permission.name()), Some(permission));
            assert_eq!(Permission::coded(class, permission.code()), Some(permission));
            assert_eq!(Class::named(class.name()), Some(class));
        }
    }
}
