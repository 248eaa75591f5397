//! The [base tables](super::base) of principals and permissions.

use launchpod_types::{Length, SqlType};

use super::base::{BaseTable, Rows};

const NAME: SqlType = SqlType::SYSNAME;
const INT: SqlType = SqlType::Int;
const BIT: SqlType = SqlType::Bit;
const TINY: SqlType = SqlType::TinyInt;
const MOMENT: SqlType = SqlType::DateTime;
const CODE: SqlType = SqlType::Char(1);
const PERMISSION: SqlType = SqlType::Char(4);
const SID: SqlType = SqlType::VarBinary(Length::Limited(85));
const HASH: SqlType = SqlType::VarBinary(Length::Limited(256));

/// Logins, users, roles, memberships, permissions and owners.
pub(super) static TABLES: &[BaseTable] = &[
    BaseTable {
        name: "server_principals",
        columns: &[
            ("principal_id", INT, false),
            ("name", NAME, false),
            ("type", CODE, false),
            ("sid", SID, false),
            ("password_hash", HASH, true),
            ("default_database", NAME, true),
            ("is_disabled", BIT, false),
            ("is_policy_checked", BIT, false),
            ("is_expiration_checked", BIT, false),
            ("owner", INT, true),
            ("created", MOMENT, false),
            ("modified", MOMENT, false),
        ],
        // A hash of SQL Server's own is kept as the digits of its bytes.
        rows: Rows::Query {
            sql: r#"SELECT principal_id, name, type, sid,
                CASE WHEN hash LIKE '0x%' THEN unhex(substr(hash, 3)) ELSE CAST(hash AS BLOB) END
                    AS password_hash,
                default_database, is_disabled, is_policy_checked, is_expiration_checked, owner,
                created * 10000000 AS created, modified * 10000000 AS modified
            FROM main."launchpod.server_principals""#,
            per_database: false,
        },
    },
    BaseTable {
        name: "server_role_members",
        columns: &[("role_id", INT, false), ("member_id", INT, false)],
        rows: Rows::Query {
            sql: r#"SELECT role_id, member_id FROM main."launchpod.role_members"
            WHERE database_id = 0"#,
            per_database: false,
        },
    },
    BaseTable {
        name: "server_permissions",
        columns: &[
            ("class", TINY, false),
            ("major_id", INT, false),
            ("grantee", INT, false),
            ("grantor", INT, false),
            ("type", PERMISSION, false),
            ("state", CODE, false),
        ],
        rows: Rows::Query {
            sql: r#"SELECT class, major_id, grantee, grantor, substr(type || '    ', 1, 4) AS type,
                state
            FROM (SELECT class, major_id, grantee, grantor, type, state
                FROM main."launchpod.permissions" WHERE database_id = 0
                UNION ALL SELECT 100, 0, principal_id, 1, 'COSQ', 'G'
                FROM main."launchpod.server_principals" WHERE type = 'S'
                UNION ALL SELECT 100, 0, 2, 1, 'VWDB', 'G')"#,
            per_database: false,
        },
    },
    BaseTable {
        name: "principals",
        columns: &[
            ("principal_id", INT, false),
            ("name", NAME, false),
            ("type", CODE, false),
            ("sid", SID, true),
            ("default_schema", NAME, true),
            ("owner", INT, true),
            ("has_login", BIT, true),
            ("created", MOMENT, false),
            ("modified", MOMENT, false),
        ],
        // The SID of dbo is that of the login that owns the database.
        rows: Rows::Query {
            sql: r#"SELECT p.database_id AS "@database", p.principal_id, p.name, p.type,
                CASE p.principal_id WHEN 1 THEN (SELECT l.sid FROM main."launchpod.owners" o
                        JOIN main."launchpod.server_principals" l ON l.principal_id = o.owner
                        WHERE o.database_id = p.database_id AND o.class = 0)
                    WHEN 2 THEN x'00' ELSE p.sid END AS sid,
                p.default_schema, p.owner,
                (p.principal_id = 1 OR length(p.sid) = 16) AS has_login,
                p.created * 10000000 AS created, p.modified * 10000000 AS modified
            FROM main."launchpod.database_principals" p"#,
            per_database: true,
        },
    },
    BaseTable {
        name: "role_members",
        columns: &[("role_id", INT, false), ("member_id", INT, false)],
        rows: Rows::Query {
            sql: r#"SELECT database_id AS "@database", role_id, member_id
            FROM main."launchpod.role_members"
            UNION ALL SELECT database_id, 16384, 1 FROM main."launchpod.databases""#,
            per_database: true,
        },
    },
    BaseTable {
        name: "permissions",
        columns: &[
            ("class", TINY, false),
            ("major_id", INT, false),
            ("minor_id", INT, false),
            ("grantee", INT, false),
            ("grantor", INT, false),
            ("type", PERMISSION, false),
            ("state", CODE, false),
        ],
        rows: Rows::Query {
            sql: r#"SELECT database_id AS "@database", class, major_id, 0 AS minor_id, grantee,
                grantor, substr(type || '    ', 1, 4) AS type, state
            FROM main."launchpod.permissions" UNION ALL
            SELECT database_id, 1, object_id, column_id, grantee, grantor,
                substr(type || '    ', 1, 4), state FROM main."launchpod.column_permissions""#,
            per_database: true,
        },
    },
    BaseTable {
        name: "owners",
        columns: &[("class", TINY, false), ("id", INT, false), ("owner", INT, false)],
        rows: Rows::Query {
            sql: r#"SELECT database_id AS "@database", class, id, owner FROM main."launchpod.owners""#,
            per_database: true,
        },
    },
    BaseTable {
        name: "database_owners",
        columns: &[("database_id", INT, false), ("sid", SID, false)],
        rows: Rows::Query {
            sql: r#"SELECT o.database_id, l.sid FROM main."launchpod.owners" o
            JOIN main."launchpod.server_principals" l ON l.principal_id = o.owner
            WHERE o.class = 0"#,
            per_database: false,
        },
    },
    BaseTable {
        name: "execution_contexts",
        columns: &[("object_id", INT, false), ("principal_id", INT, false)],
        rows: Rows::Query {
            sql: r#"SELECT m.database_id AS "@database", c.object_id, c.principal_id
            FROM main."launchpod.contexts" c JOIN main."launchpod.modules" m USING (object_id)"#,
            per_database: true,
        },
    },
    BaseTable {
        name: "module_options",
        columns: &[
            ("object_id", INT, false),
            ("ansi_nulls", BIT, false),
            ("quoted_identifier", BIT, false),
        ],
        rows: Rows::Query {
            sql: r#"SELECT m.database_id AS "@database", o.object_id, o.ansi_nulls,
                o.quoted_identifier
            FROM main."launchpod.module_options" o JOIN main."launchpod.modules" m USING (object_id)"#,
            per_database: true,
        },
    },
    // Those of the caller's token alone.
    BaseTable {
        name: "login_token",
        columns: &[
            ("principal_id", INT, false),
            ("name", NAME, false),
            ("type", CODE, false),
            ("sid", SID, false),
        ],
        rows: Rows::Query {
            sql: r#"SELECT principal_id, name, type, sid FROM main."launchpod.server_principals""#,
            per_database: false,
        },
    },
    BaseTable {
        name: "user_token",
        columns: &[
            ("principal_id", INT, false),
            ("name", NAME, false),
            ("type", CODE, false),
            ("sid", SID, true),
        ],
        rows: Rows::Query {
            sql: r#"SELECT database_id AS "@database", principal_id, name, type, sid
            FROM main."launchpod.database_principals""#,
            per_database: true,
        },
    },
];
