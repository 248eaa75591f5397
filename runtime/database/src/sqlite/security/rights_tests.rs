//! The rules of permissions, one table a rule.

use super::*;
use crate::sqlite::security::principal;

const TABLE: i64 = 100;
const SCHEMA: i64 = 7;
const OWNER: i64 = 9;
const USER: i64 = 5;

fn permission(class: Class, name: &str) -> Permission {
    Permission::named(class, name).unwrap_or_else(|| panic!("{name}"))
}

fn table() -> Securable {
    Securable::object(TABLE, SCHEMA, OWNER)
}

/// Rights from lines like `GRANT SELECT ON SCHEMA`, on the table, its schema, the database or
/// the server.
fn rights(lines: &[&str]) -> Rights {
    let mut rights = Rights::default();
    rights.database_token.insert(USER);
    for line in lines {
        let (words, class) = line.split_once(" ON ").unwrap_or_else(|| panic!("{line}"));
        let (verb, name) = words.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let class = Class::named(class).unwrap_or_else(|| panic!("{line}"));
        let id = match class {
            Class::Object => TABLE,
            Class::Schema => SCHEMA,
            _ => 0,
        };
        let effect = match verb {
            "GRANT" => Effect::Grant,
            "GRANT+" => Effect::GrantWithOption,
            _ => Effect::Deny,
        };
        rights.add(permission(class, name), id, USER, effect);
    }
    rights
}

#[test]
fn a_denial_counts_more_than_a_grant_wherever_each_stands() {
    let cases: [(&[&str], &str, Verdict); 16] = [
        (&[], "SELECT", Verdict::Absent),
        (&["GRANT SELECT ON OBJECT"], "SELECT", Verdict::Granted),
        (&["GRANT SELECT ON OBJECT"], "INSERT", Verdict::Absent),
        (&["GRANT SELECT ON SCHEMA"], "SELECT", Verdict::Granted),
        (&["GRANT SELECT ON DATABASE"], "SELECT", Verdict::Granted),
        (&["GRANT SELECT ALL USER SECURABLES ON SERVER"], "SELECT", Verdict::Granted),
        (&["GRANT CONTROL ON OBJECT"], "DELETE", Verdict::Granted),
        (&["GRANT CONTROL ON SCHEMA"], "ALTER", Verdict::Granted),
        (&["GRANT CONTROL SERVER ON SERVER"], "EXECUTE", Verdict::Granted),
        (&["GRANT ALTER ON OBJECT"], "SELECT", Verdict::Absent),
        (&["GRANT ALTER ON DATABASE"], "ALTER", Verdict::Granted),
        (&["GRANT SELECT ON OBJECT", "DENY SELECT ON SCHEMA"], "SELECT", Verdict::Denied),
        (&["DENY SELECT ON OBJECT", "GRANT CONTROL ON DATABASE"], "SELECT", Verdict::Denied),
        (&["DENY CONTROL ON DATABASE", "GRANT SELECT ON OBJECT"], "SELECT", Verdict::Denied),
        (&["DENY ALTER ON OBJECT", "GRANT SELECT ON OBJECT"], "SELECT", Verdict::Granted),
        (&["DENY SELECT ON OBJECT", "GRANT INSERT ON OBJECT"], "INSERT", Verdict::Granted),
    ];
    for (lines, name, expected) in cases {
        let verdict = rights(lines).verdict(permission(Class::Object, name), table());
        assert_eq!(verdict, expected, "{lines:?}: {name}");
    }
}

#[test]
fn a_column_stands_before_what_the_same_one_was_said_of_the_table() {
    const ROLE: i64 = 6;
    type Said = (i64, Effect);
    let (grant, deny, revoke) = (Effect::Grant, Effect::Deny, Effect::Revoke);
    // What was said of the table, or of what contains it, and of its column 1; then whether the
    // columns 1, 2 and an unknown one may be read.
    let cases: [(&[&str], &[Said], [bool; 3]); 11] = [
        (&["GRANT SELECT ON OBJECT"], &[], [true, true, true]),
        (&[], &[(USER, grant)], [true, false, false]),
        (&["GRANT SELECT ON OBJECT"], &[(USER, deny)], [false, true, false]),
        (&["GRANT SELECT ON OBJECT"], &[(ROLE, deny)], [false, true, false]),
        (&["GRANT SELECT ON OBJECT"], &[(USER, revoke)], [false, true, false]),
        (&["GRANT SELECT ON SCHEMA"], &[(USER, revoke)], [false, true, false]),
        (&["GRANT SELECT ON OBJECT"], &[(ROLE, revoke)], [true, true, false]),
        (&["DENY SELECT ON OBJECT"], &[(USER, grant)], [true, false, false]),
        (&["DENY SELECT ON OBJECT"], &[(ROLE, grant)], [false, false, false]),
        (&["DENY SELECT ON SCHEMA"], &[(USER, grant)], [false, false, false]),
        (&["DENY CONTROL ON OBJECT"], &[(USER, grant)], [false, false, false]),
    ];
    let select = permission(Class::Object, "SELECT");
    for (lines, said, expected) in cases {
        let mut rights = rights(lines);
        for (grantee, effect) in said {
            rights.add_column(select, (TABLE, 1), *grantee, *effect);
        }
        let columns = [Some(1), Some(2), None];
        let allowed = columns.map(|column| rights.allow_column(select, table(), column));
        assert_eq!(allowed, expected, "{lines:?}, {said:?}");
        let reaches = allowed[0] && said.iter().any(|(_, effect)| effect.grants());
        assert_eq!(rights.reaches_column(select, table()), reaches, "{lines:?}, {said:?}");
        // A permission says nothing of another.
        let update = permission(Class::Object, "UPDATE");
        assert!(
            !rights.allow_column(update, table(), Some(1))
                && !rights.limits_columns(update, table())
        );
    }
}

#[test]
fn owners_and_administrators_may_do_everything() {
    let drop = permission(Class::Object, "CONTROL");
    let mut owner = rights(&["DENY SELECT ON OBJECT"]);
    assert!(!owner.allow(drop, table()));
    owner.database_token.insert(OWNER);
    assert!(owner.allow(drop, table()));
    assert!(owner.allow(permission(Class::Object, "SELECT"), table()));
    let server = permission(Class::Server, "ALTER SETTINGS");
    for (is_sysadmin, is_dbo) in [(true, false), (false, true)] {
        let rights = Rights { is_sysadmin, is_dbo, ..Rights::default() };
        assert!(rights.allow(drop, table()));
        assert_eq!(rights.allow(server, Securable::SERVER), is_sysadmin);
    }
    // The number of a login is no user's.
    let mut login = rights(&[]);
    login.server_token.insert(OWNER);
    assert!(!login.allow(drop, table()));
}

#[test]
fn granting_needs_control_or_the_option() {
    let select = permission(Class::Object, "SELECT");
    let cases: [(&[&str], bool); 7] = [
        (&["GRANT SELECT ON OBJECT"], false),
        (&["GRANT+ SELECT ON OBJECT"], true),
        (&["GRANT+ SELECT ON SCHEMA"], true),
        (&["GRANT+ SELECT ON OBJECT", "DENY SELECT ON SCHEMA"], false),
        (&["GRANT+ INSERT ON OBJECT"], false),
        (&["GRANT CONTROL ON SCHEMA"], true),
        (&["GRANT ALTER ON OBJECT"], false),
    ];
    for (lines, expected) in cases {
        assert_eq!(rights(lines).may_grant(select, table()), expected, "{lines:?}");
    }
}

#[test]
fn any_permission_makes_a_thing_visible() {
    let cases: [(&[&str], bool); 6] = [
        (&[], false),
        (&["DENY SELECT ON OBJECT"], false),
        (&["GRANT EXECUTE ON OBJECT"], true),
        (&["GRANT INSERT ON SCHEMA"], true),
        (&["GRANT VIEW DEFINITION ON DATABASE"], true),
        (&["GRANT CONNECT ON DATABASE"], false),
    ];
    for (lines, expected) in cases {
        assert_eq!(rights(lines).see(table()), expected, "{lines:?}");
    }
}

#[test]
fn fixed_roles_may_do_what_they_are_for() {
    let of = |role: i64| {
        let mut rights = Rights::default();
        for (permission, effect) in principal::of_database_role(role) {
            rights.add(permission, 0, role, effect);
        }
        rights
    };
    let allowed = |role: i64, name: &str| of(role).allow(permission(Class::Object, name), table());
    assert!(allowed(16_384, "CONTROL") && allowed(16_390, "SELECT") && allowed(16_391, "UPDATE"));
    assert!(!allowed(16_390, "INSERT") && !allowed(16_391, "SELECT") && !allowed(16_392, "SELECT"));
    // db_ddladmin defines and doesn't read.
    assert!(allowed(16_387, "ALTER") && !allowed(16_387, "SELECT"));
    let mut both = of(16_384);
    both.add(permission(Class::Database, "SELECT"), 0, USER, Effect::Deny);
    assert!(!both.allow(permission(Class::Object, "SELECT"), table()), "db_owner isn't dbo");
}
