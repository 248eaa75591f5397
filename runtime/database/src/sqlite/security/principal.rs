//! The principals that every server and every database has, and what their roles may do.
//!
//! Numbers and permissions are those of the documentation's "Server-level roles" and
//! "Database-level roles".

use super::permission::{Class, Permission};
use super::rights::Effect;

/// Numbers of server principals.
pub(crate) mod server {
    pub(crate) const SA: i64 = 1;
    pub(crate) const PUBLIC: i64 = 2;
    pub(crate) const SYSADMIN: i64 = 3;
    pub(crate) const SECURITYADMIN: i64 = 4;
    /// The first that a user's login or role gets.
    pub(crate) const FIRST: i64 = 257;
    /// The server's own roles, from [`PUBLIC`] on.
    pub(crate) const ROLES: [&str; 9] = [
        "public",
        "sysadmin",
        "securityadmin",
        "serveradmin",
        "setupadmin",
        "processadmin",
        "diskadmin",
        "dbcreator",
        "bulkadmin",
    ];
}

/// Numbers of database principals.
pub(crate) mod database {
    pub(crate) const PUBLIC: i64 = 0;
    pub(crate) const DBO: i64 = 1;
    pub(crate) const GUEST: i64 = 2;
    /// The first that a user or a user's role gets.
    pub(crate) const FIRST: i64 = 5;
    pub(crate) const OWNER: i64 = 16_384;
    pub(crate) const ACCESSADMIN: i64 = 16_385;
    pub(crate) const SECURITYADMIN: i64 = 16_386;
    /// Number, name and type of the principals of every database.
    pub(crate) const FIXED: [(i64, &str, &str); 14] = [
        (PUBLIC, "public", "R"),
        (DBO, "dbo", "S"),
        (GUEST, "guest", "S"),
        (3, "INFORMATION_SCHEMA", "S"),
        (4, "sys", "S"),
        (OWNER, "db_owner", "R"),
        (ACCESSADMIN, "db_accessadmin", "R"),
        (SECURITYADMIN, "db_securityadmin", "R"),
        (16_387, "db_ddladmin", "R"),
        (16_389, "db_backupoperator", "R"),
        (16_390, "db_datareader", "R"),
        (16_391, "db_datawriter", "R"),
        (16_392, "db_denydatareader", "R"),
        (16_393, "db_denydatawriter", "R"),
    ];
}

/// Whether a server principal can't be changed, dropped or renamed as a role.
pub(crate) fn is_fixed_server_role(id: i64) -> bool {
    (server::PUBLIC..server::FIRST).contains(&id)
}

/// Whether a database principal is one of those of every database.
pub(crate) fn is_fixed(id: i64) -> bool {
    !(database::FIRST..database::OWNER).contains(&id)
}

/// Whether a database principal is one of the roles of every database, `public` aside.
pub(crate) fn is_fixed_role(id: i64) -> bool {
    id >= database::OWNER
}

/// What a role of the server's own may do, on the server.
pub(crate) fn of_server_role(id: i64) -> Vec<(Permission, Effect)> {
    let codes: &[&str] = match id {
        server::SYSADMIN => &["CL"],
        server::SECURITYADMIN => &["ALLG"],
        5 => &["ALRS", "ALSS", "ALST", "SHDN"],
        7 => &["ALCO", "ALSS"],
        8 => &["ALRS"],
        9 => &["ALDB"],
        10 => &["ADBO"],
        // What else `public` may do is granted to it.
        server::PUBLIC => &["VWDB"],
        _ => &[],
    };
    given(Class::Server, codes, Effect::Grant)
}

/// What a role of every database may do, in its database.
pub(crate) fn of_database_role(id: i64) -> Vec<(Permission, Effect)> {
    let (codes, effect): (&[&str], _) = match id {
        database::OWNER => (&["CL"], Effect::GrantWithOption),
        database::ACCESSADMIN => (&["ALUS", "CRSM"], Effect::Grant),
        database::SECURITYADMIN => (&["ALRL", "CRSM", "VW"], Effect::Grant),
        16_387 => (
            &["ALSM", "CP", "CRDF", "CRFN", "CRPR", "CRRU", "CRSN", "CRTB", "CRTY", "CRVW", "RF"],
            Effect::Grant,
        ),
        16_389 => (&["BADB", "BALO", "CP"], Effect::Grant),
        16_390 => (&["SL"], Effect::Grant),
        16_391 => (&["DL", "IN", "UP"], Effect::Grant),
        16_392 => (&["SL"], Effect::Deny),
        16_393 => (&["DL", "IN", "UP"], Effect::Deny),
        _ => (&[], Effect::Grant),
    };
    given(Class::Database, codes, effect)
}

fn given(class: Class, codes: &[&str], effect: Effect) -> Vec<(Permission, Effect)> {
    let permissions = codes.iter().filter_map(|code| Permission::coded(class, code));
    permissions.map(|permission| (permission, effect)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_the_permissions_that_are_listed() {
        let count = |roles: &[(i64, usize)], of: fn(i64) -> Vec<(Permission, Effect)>| {
            for (id, expected) in roles {
                assert_eq!(of(*id).len(), *expected, "{id}");
            }
        };
        count(&[(1, 0), (2, 1), (3, 1), (4, 1), (5, 4), (7, 2), (9, 1), (10, 1)], of_server_role);
        let roles = [(0, 0), (16_384, 1), (16_385, 2), (16_386, 3), (16_387, 11), (16_389, 3)];
        count(&roles, of_database_role);
        count(&[(16_390, 1), (16_391, 3), (16_392, 1), (16_393, 3)], of_database_role);
    }
}
