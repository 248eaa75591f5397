//! The catalog views that clients read.
//!
//! Each is a SELECT over the [catalog](super::catalog)'s tables; the binder knows its columns'
//! types. A view of one database has the column `@database`, by which the binder picks it.

use launchpod_tsql::ast::{ObjectName, same_name};
use launchpod_types::{Length, SqlType};

/// A system view.
pub(crate) struct SystemView {
    pub(crate) schema: &'static str,
    pub(crate) name: &'static str,
    /// Name, type, and whether NULL can occur.
    pub(crate) columns: &'static [(&'static str, SqlType, bool)],
    pub(crate) sql: &'static str,
    /// Whether it has the column `@database`.
    pub(crate) per_database: bool,
}

const NAME: SqlType = SqlType::SYSNAME;
const INT: SqlType = SqlType::Int;
const BIT: SqlType = SqlType::Bit;
const TINY: SqlType = SqlType::TinyInt;
const SMALL: SqlType = SqlType::SmallInt;
const MOMENT: SqlType = SqlType::DateTime;
const CODE: SqlType = SqlType::Char(2);
const DESCRIPTION: SqlType = SqlType::NVarChar(Length::Limited(60));

/// The view of a name, `sys.x` or `INFORMATION_SCHEMA.X` in any database.
pub(crate) fn find(name: &ObjectName) -> Option<&'static SystemView> {
    let schema = name.schema.as_ref()?;
    named(&schema.text, &name.name.text)
}

/// The view of a schema and a name.
pub(crate) fn named(schema: &str, name: &str) -> Option<&'static SystemView> {
    VIEWS.iter().find(|view| same_name(view.schema, schema) && same_name(view.name, name))
}

/// Every table and module, with the columns that the views share.
macro_rules! objects {
    () => {
        r#"(SELECT database_id, object_id, schema, schema_key, name, 'U ' AS type,
                'USER_TABLE' AS type_desc, created, created AS modified, NULL AS definition
            FROM main."launchpod.objects"
            UNION ALL
            SELECT database_id, object_id, schema, schema_key, name, substr(type || ' ', 1, 2),
                CASE type WHEN 'P' THEN 'SQL_STORED_PROCEDURE' WHEN 'V' THEN 'VIEW'
                    WHEN 'FN' THEN 'SQL_SCALAR_FUNCTION'
                    WHEN 'IF' THEN 'SQL_INLINE_TABLE_VALUED_FUNCTION'
                    ELSE 'SQL_TABLE_VALUED_FUNCTION' END,
                created, modified, definition
            FROM main."launchpod.modules")"#
    };
}

/// The columns of `sys.objects` over `o`, one of [`objects`].
macro_rules! object_row {
    () => {
        r#"SELECT o.database_id AS "@database", o.name, o.object_id, NULL AS principal_id,
            CASE o.schema_key WHEN 'dbo' THEN 1 WHEN 'guest' THEN 2 ELSE
                (SELECT schema_id FROM main."launchpod.schemas" s
                 WHERE s.database_id = o.database_id AND s.key = o.schema_key) END AS schema_id,
            0 AS parent_object_id, o.type, o.type_desc, o.created * 10000000 AS create_date,
            o.modified * 10000000 AS modify_date, 0 AS is_ms_shipped"#
    };
}

const OBJECT_COLUMNS: &[(&str, SqlType, bool)] = &[
    ("name", NAME, false),
    ("object_id", INT, false),
    ("principal_id", INT, true),
    ("schema_id", INT, false),
    ("parent_object_id", INT, false),
    ("type", CODE, true),
    ("type_desc", DESCRIPTION, true),
    ("create_date", MOMENT, false),
    ("modify_date", MOMENT, false),
    ("is_ms_shipped", BIT, false),
];

const OBJECTS: &str = concat!(
    object_row!(),
    " FROM ",
    objects!(),
    r#" o
UNION ALL
SELECT o.database_id, c.name, c.constraint_id, NULL, CASE o.schema_key WHEN 'dbo' THEN 1 ELSE
        (SELECT schema_id FROM main."launchpod.schemas" s
         WHERE s.database_id = o.database_id AND s.key = o.schema_key) END, c.object_id,
    substr(c.type || ' ', 1, 2), CASE c.type WHEN 'PK' THEN 'PRIMARY_KEY_CONSTRAINT'
    WHEN 'UQ' THEN 'UNIQUE_CONSTRAINT' WHEN 'F' THEN 'FOREIGN_KEY_CONSTRAINT'
    ELSE 'CHECK_CONSTRAINT' END, o.created * 10000000, o.created * 10000000, 0
FROM main."launchpod.constraints" c JOIN main."launchpod.objects" o USING (object_id)"#
);

/// The objects whose type is in a list.
macro_rules! objects_of {
    ($types:literal) => {
        concat!(object_row!(), " FROM ", objects!(), " o WHERE o.type IN (", $types, ")")
    };
}

const COLUMN_COLUMNS: &[(&str, SqlType, bool)] = &[
    ("object_id", INT, false),
    ("name", NAME, true),
    ("column_id", INT, false),
    ("system_type_id", TINY, false),
    ("user_type_id", INT, false),
    ("max_length", SMALL, false),
    ("precision", TINY, false),
    ("scale", TINY, false),
    ("collation_name", NAME, true),
    ("is_nullable", BIT, true),
    ("is_ansi_padded", BIT, false),
    ("is_rowguidcol", BIT, false),
    ("is_identity", BIT, false),
    ("is_computed", BIT, false),
    ("default_object_id", INT, false),
];

const COLUMNS: &str = concat!(
    r#"
SELECT o.database_id AS "@database", c.object_id, c.name, c.column_id, c.system_type_id,
    c.system_type_id AS user_type_id, c.max_length, c.precision, c.scale,
    CASE WHEN c.system_type_id IN (35, 99, 167, 175, 231, 239)
         THEN 'SQL_Latin1_General_CP1_CI_AS' END AS collation_name,
    c.is_nullable, 1 AS is_ansi_padded, 0 AS is_rowguidcol, c.is_identity, 0 AS is_computed,
    0 AS default_object_id
FROM main."launchpod.columns" c JOIN "#,
    objects!(),
    " o USING (object_id)"
);

/// `sys.types`, which is also where INFORMATION_SCHEMA.COLUMNS finds the types' names.
const TYPES: &str = r#"
SELECT column1 AS name, column2 AS system_type_id, column2 AS user_type_id, 4 AS schema_id,
    NULL AS principal_id, column3 AS max_length, column4 AS precision, column5 AS scale,
    CASE WHEN column2 IN (35, 99, 167, 175, 231, 239)
         THEN 'SQL_Latin1_General_CP1_CI_AS' END AS collation_name,
    1 AS is_nullable, 0 AS is_user_defined, 0 AS is_assembly_type, 0 AS default_object_id,
    0 AS rule_object_id, 0 AS is_table_type
FROM (VALUES ('image',34,16,0,0), ('text',35,16,0,0), ('uniqueidentifier',36,16,0,0),
    ('date',40,3,10,0), ('time',41,5,16,7), ('datetime2',42,8,27,7),
    ('datetimeoffset',43,10,34,7), ('tinyint',48,1,3,0), ('smallint',52,2,5,0),
    ('int',56,4,10,0), ('smalldatetime',58,4,16,0), ('real',59,4,24,0), ('money',60,8,19,4),
    ('datetime',61,8,23,3), ('float',62,8,53,0), ('ntext',99,16,0,0), ('bit',104,1,1,0),
    ('decimal',106,17,38,38), ('numeric',108,17,38,38), ('smallmoney',122,4,10,4),
    ('bigint',127,8,19,0), ('varbinary',165,8000,0,0), ('varchar',167,8000,0,0),
    ('binary',173,8000,0,0), ('char',175,8000,0,0), ('nvarchar',231,8000,0,0),
    ('nchar',239,8000,0,0), ('xml',241,-1,0,0))"#;

const SYSTEM_VIEWS: &str = r#"
SELECT column1 AS name, -(column2) AS object_id, NULL AS principal_id, 4 AS schema_id,
    0 AS parent_object_id, 'V ' AS type, 'VIEW' AS type_desc, 0 AS create_date,
    0 AS modify_date, 1 AS is_ms_shipped
FROM (VALUES ('databases',213), ('schemas',387), ('tables',397), ('objects',385),
    ('columns',391), ('all_columns',369), ('all_objects',370), ('types',394),
    ('system_views',374), ('dm_exec_sessions',238), ('procedures',398), ('views',399),
    ('sql_modules',410))"#;

/// All of them.
const VIEWS: &[SystemView] = &[
    SystemView {
        schema: "sys",
        name: "databases",
        columns: &[
            ("name", NAME, false),
            ("database_id", INT, false),
            ("create_date", MOMENT, false),
            ("compatibility_level", TINY, false),
            ("collation_name", NAME, true),
            ("user_access", TINY, true),
            ("user_access_desc", DESCRIPTION, true),
            ("is_read_only", BIT, true),
            ("state", TINY, true),
            ("state_desc", DESCRIPTION, true),
            ("snapshot_isolation_state", TINY, true),
            ("is_read_committed_snapshot_on", BIT, true),
            ("recovery_model_desc", DESCRIPTION, true),
        ],
        sql: r#"SELECT name, database_id, created * 10000000 AS create_date,
            160 AS compatibility_level, 'SQL_Latin1_General_CP1_CI_AS' AS collation_name,
            0 AS user_access, 'MULTI_USER' AS user_access_desc, 0 AS is_read_only, 0 AS state,
            'ONLINE' AS state_desc, 0 AS snapshot_isolation_state,
            1 AS is_read_committed_snapshot_on, 'SIMPLE' AS recovery_model_desc
            FROM main."launchpod.databases""#,
        per_database: false,
    },
    SystemView {
        schema: "sys",
        name: "schemas",
        columns: &[("name", NAME, false), ("schema_id", INT, false), ("principal_id", INT, true)],
        sql: r#"SELECT d.database_id AS "@database", s.column1 AS name, s.column2 AS schema_id,
            s.column2 AS principal_id
            FROM main."launchpod.databases" d, (VALUES ('dbo', 1), ('guest', 2),
                ('INFORMATION_SCHEMA', 3), ('sys', 4)) s
            UNION ALL
            SELECT database_id, name, schema_id, 1 FROM main."launchpod.schemas""#,
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "objects",
        columns: OBJECT_COLUMNS,
        sql: OBJECTS,
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "all_objects",
        columns: OBJECT_COLUMNS,
        sql: OBJECTS,
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "tables",
        columns: OBJECT_COLUMNS,
        sql: objects_of!("'U '"),
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "procedures",
        columns: OBJECT_COLUMNS,
        sql: objects_of!("'P '"),
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "views",
        columns: OBJECT_COLUMNS,
        sql: objects_of!("'V '"),
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "sql_modules",
        columns: &[
            ("object_id", INT, false),
            ("definition", SqlType::NVARCHAR_MAX, true),
            ("uses_ansi_nulls", BIT, true),
            ("uses_quoted_identifier", BIT, true),
            ("is_schema_bound", BIT, true),
            ("uses_database_collation", BIT, true),
            ("is_recompiled", BIT, true),
            ("null_on_null_input", BIT, true),
            ("execute_as_principal_id", INT, true),
        ],
        sql: r#"SELECT database_id AS "@database", object_id, definition, 1 AS uses_ansi_nulls,
            1 AS uses_quoted_identifier, 0 AS is_schema_bound, 0 AS uses_database_collation,
            0 AS is_recompiled, 0 AS null_on_null_input, NULL AS execute_as_principal_id
            FROM main."launchpod.modules""#,
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "columns",
        columns: COLUMN_COLUMNS,
        sql: COLUMNS,
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "all_columns",
        columns: COLUMN_COLUMNS,
        sql: COLUMNS,
        per_database: true,
    },
    SystemView {
        schema: "sys",
        name: "types",
        columns: &[
            ("name", NAME, false),
            ("system_type_id", TINY, false),
            ("user_type_id", INT, false),
            ("schema_id", INT, false),
            ("principal_id", INT, true),
            ("max_length", SMALL, false),
            ("precision", TINY, false),
            ("scale", TINY, false),
            ("collation_name", NAME, true),
            ("is_nullable", BIT, true),
            ("is_user_defined", BIT, false),
            ("is_assembly_type", BIT, false),
            ("default_object_id", INT, false),
            ("rule_object_id", INT, false),
            ("is_table_type", BIT, false),
        ],
        sql: TYPES,
        per_database: false,
    },
    SystemView {
        schema: "sys",
        name: "system_views",
        columns: OBJECT_COLUMNS,
        sql: SYSTEM_VIEWS,
        per_database: false,
    },
    SystemView {
        schema: "sys",
        name: "dm_exec_sessions",
        columns: &[
            ("session_id", SMALL, false),
            ("login_name", NAME, false),
            ("original_login_name", NAME, false),
            ("program_name", NAME, true),
            ("host_name", NAME, true),
            ("status", SqlType::NVarChar(Length::Limited(30)), false),
            ("is_user_process", BIT, false),
            ("transaction_isolation_level", SMALL, false),
        ],
        sql: r#"SELECT spid AS session_id, login AS login_name, login AS original_login_name,
            program AS program_name, host AS host_name, 'running' AS status,
            1 AS is_user_process, 2 AS transaction_isolation_level
            FROM temp."launchpod.session""#,
        per_database: false,
    },
    SystemView {
        schema: "INFORMATION_SCHEMA",
        name: "TABLES",
        columns: &[
            ("TABLE_CATALOG", NAME, true),
            ("TABLE_SCHEMA", NAME, true),
            ("TABLE_NAME", NAME, false),
            ("TABLE_TYPE", SqlType::VarChar(Length::Limited(10)), true),
        ],
        sql: concat!(
            r#"SELECT o.database_id AS "@database", d.name AS TABLE_CATALOG,
            o.schema AS TABLE_SCHEMA, o.name AS TABLE_NAME,
            CASE o.type WHEN 'V ' THEN 'VIEW' ELSE 'BASE TABLE' END AS TABLE_TYPE FROM "#,
            objects!(),
            r#" o JOIN main."launchpod.databases" d USING (database_id)
            WHERE o.type IN ('U ', 'V ')"#
        ),
        per_database: true,
    },
    SystemView {
        schema: "INFORMATION_SCHEMA",
        name: "VIEWS",
        columns: &[
            ("TABLE_CATALOG", NAME, true),
            ("TABLE_SCHEMA", NAME, true),
            ("TABLE_NAME", NAME, false),
            ("VIEW_DEFINITION", SqlType::NVARCHAR_MAX, true),
            ("CHECK_OPTION", SqlType::VarChar(Length::Limited(7)), true),
            ("IS_UPDATABLE", SqlType::VarChar(Length::Limited(2)), false),
        ],
        sql: r#"SELECT o.database_id AS "@database", d.name AS TABLE_CATALOG,
            o.schema AS TABLE_SCHEMA, o.name AS TABLE_NAME, o.definition AS VIEW_DEFINITION,
            'NONE' AS CHECK_OPTION, 'NO' AS IS_UPDATABLE
            FROM main."launchpod.modules" o JOIN main."launchpod.databases" d USING (database_id)
            WHERE o.type = 'V'"#,
        per_database: true,
    },
    SystemView {
        schema: "INFORMATION_SCHEMA",
        name: "ROUTINES",
        columns: &[
            ("ROUTINE_CATALOG", NAME, true),
            ("ROUTINE_SCHEMA", NAME, true),
            ("ROUTINE_NAME", NAME, false),
            ("ROUTINE_TYPE", SqlType::NVarChar(Length::Limited(20)), true),
            ("ROUTINE_DEFINITION", SqlType::NVARCHAR_MAX, true),
            ("CREATED", MOMENT, false),
            ("LAST_ALTERED", MOMENT, false),
        ],
        sql: r#"SELECT o.database_id AS "@database", d.name AS ROUTINE_CATALOG,
            o.schema AS ROUTINE_SCHEMA, o.name AS ROUTINE_NAME,
            CASE o.type WHEN 'P' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS ROUTINE_TYPE,
            o.definition AS ROUTINE_DEFINITION, o.created * 10000000 AS CREATED,
            o.modified * 10000000 AS LAST_ALTERED
            FROM main."launchpod.modules" o JOIN main."launchpod.databases" d USING (database_id)
            WHERE o.type <> 'V'"#,
        per_database: true,
    },
    SystemView {
        schema: "INFORMATION_SCHEMA",
        name: "COLUMNS",
        columns: &[
            ("TABLE_CATALOG", NAME, true),
            ("TABLE_SCHEMA", NAME, true),
            ("TABLE_NAME", NAME, false),
            ("COLUMN_NAME", NAME, true),
            ("ORDINAL_POSITION", INT, true),
            ("COLUMN_DEFAULT", SqlType::NVarChar(Length::Limited(4000)), true),
            ("IS_NULLABLE", SqlType::VarChar(Length::Limited(3)), true),
            ("DATA_TYPE", NAME, true),
            ("CHARACTER_MAXIMUM_LENGTH", INT, true),
            ("CHARACTER_OCTET_LENGTH", INT, true),
            ("NUMERIC_PRECISION", TINY, true),
            ("NUMERIC_PRECISION_RADIX", SMALL, true),
            ("NUMERIC_SCALE", INT, true),
            ("DATETIME_PRECISION", SMALL, true),
            ("CHARACTER_SET_NAME", NAME, true),
            ("COLLATION_NAME", NAME, true),
        ],
        sql: INFORMATION_SCHEMA_COLUMNS,
        per_database: true,
    },
    SystemView {
        schema: "INFORMATION_SCHEMA",
        name: "SCHEMATA",
        columns: &[
            ("CATALOG_NAME", NAME, true),
            ("SCHEMA_NAME", NAME, false),
            ("SCHEMA_OWNER", NAME, true),
        ],
        sql: r#"SELECT d.database_id AS "@database", d.name AS CATALOG_NAME,
            s.column1 AS SCHEMA_NAME, s.column1 AS SCHEMA_OWNER
            FROM main."launchpod.databases" d,
            (VALUES ('dbo'), ('guest'), ('INFORMATION_SCHEMA'), ('sys')) s
            UNION ALL
            SELECT database_id, d.name, s.name, 'dbo' FROM main."launchpod.schemas" s
                JOIN main."launchpod.databases" d USING (database_id)"#,
        per_database: true,
    },
];

const INFORMATION_SCHEMA_COLUMNS: &str = concat!(
    r#"
SELECT o.database_id AS "@database", d.name AS TABLE_CATALOG, o.schema AS TABLE_SCHEMA,
    o.name AS TABLE_NAME, c.name AS COLUMN_NAME, c.column_id AS ORDINAL_POSITION,
    CASE WHEN c.definition IS NOT NULL THEN '(' || c.definition || ')' END AS COLUMN_DEFAULT,
    CASE WHEN c.is_nullable THEN 'YES' ELSE 'NO' END AS IS_NULLABLE,
    CASE c.system_type_id WHEN 34 THEN 'image' WHEN 35 THEN 'text'
        WHEN 36 THEN 'uniqueidentifier' WHEN 40 THEN 'date' WHEN 41 THEN 'time'
        WHEN 42 THEN 'datetime2' WHEN 43 THEN 'datetimeoffset' WHEN 48 THEN 'tinyint'
        WHEN 52 THEN 'smallint' WHEN 56 THEN 'int' WHEN 58 THEN 'smalldatetime'
        WHEN 59 THEN 'real' WHEN 60 THEN 'money' WHEN 61 THEN 'datetime' WHEN 62 THEN 'float'
        WHEN 99 THEN 'ntext' WHEN 104 THEN 'bit' WHEN 106 THEN 'decimal'
        WHEN 122 THEN 'smallmoney' WHEN 127 THEN 'bigint' WHEN 165 THEN 'varbinary'
        WHEN 167 THEN 'varchar' WHEN 173 THEN 'binary' WHEN 175 THEN 'char'
        WHEN 231 THEN 'nvarchar' WHEN 239 THEN 'nchar' ELSE 'xml' END AS DATA_TYPE,
    CASE WHEN c.system_type_id IN (231, 239) AND c.max_length > 0 THEN c.max_length / 2
         WHEN c.system_type_id IN (165, 167, 173, 175, 231) THEN c.max_length
         WHEN c.system_type_id IN (34, 35) THEN 2147483647
         WHEN c.system_type_id = 99 THEN 1073741823 END AS CHARACTER_MAXIMUM_LENGTH,
    CASE WHEN c.system_type_id IN (165, 167, 173, 175, 231, 239) THEN c.max_length
         WHEN c.system_type_id IN (34, 35, 99) THEN 2147483647 END AS CHARACTER_OCTET_LENGTH,
    CASE WHEN c.system_type_id IN (48, 52, 56, 59, 60, 62, 106, 122, 127) THEN c.precision END
        AS NUMERIC_PRECISION,
    CASE WHEN c.system_type_id IN (59, 62) THEN 2
         WHEN c.system_type_id IN (48, 52, 56, 60, 106, 122, 127) THEN 10 END
        AS NUMERIC_PRECISION_RADIX,
    CASE WHEN c.system_type_id IN (48, 52, 56, 60, 106, 122, 127) THEN c.scale END
        AS NUMERIC_SCALE,
    CASE WHEN c.system_type_id IN (40, 41, 42, 43, 58, 61) THEN c.scale END AS DATETIME_PRECISION,
    CASE WHEN c.system_type_id IN (35, 167, 175) THEN 'iso_1'
         WHEN c.system_type_id IN (99, 231, 239) THEN 'UNICODE' END AS CHARACTER_SET_NAME,
    CASE WHEN c.system_type_id IN (35, 99, 167, 175, 231, 239)
         THEN 'SQL_Latin1_General_CP1_CI_AS' END AS COLLATION_NAME
FROM main."launchpod.columns" c JOIN "#,
    objects!(),
    r#" o USING (object_id)
    JOIN main."launchpod.databases" d USING (database_id) WHERE o.type IN ('U ', 'V ')"#
);
