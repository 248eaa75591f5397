//! The tables that the system's views are written over: `catalog.name`, which only their texts
//! can name.
//!
//! Each is a SELECT over the [catalog](crate::sqlite::embedded::catalog)'s own tables in
//! SQLite's SQL, with the types of its columns; a table of one database has the column
//! `@database`, by which the binder picks it. Or it is made when a statement is bound, of what
//! is in memory.

use std::sync::LazyLock;

use launchpod_functions::zone;
use launchpod_types::{Length, SqlError, SqlType};
use serde_json::Value;

use super::{dependencies, listing, machine, security, user_messages};
use crate::sqlite::discovery;
use crate::sqlite::embedded::environment::{Environment, now};
use crate::sqlite::embedded::{sequences, synonyms};
use crate::sqlite::governor;
use crate::sqlite::security::permission::Class;

/// The schema of these tables.
pub(crate) const SCHEMA: &str = "catalog";

/// A table that the system's views read.
pub(crate) struct BaseTable {
    pub(crate) name: &'static str,
    /// Name, type, and whether NULL can occur.
    pub(crate) columns: &'static [(&'static str, SqlType, bool)],
    pub(crate) rows: Rows,
}

/// Finds something out about a text with declared parameters: rows, an array each.
pub(crate) type Discover = fn(&Environment<'_>, &str, &str) -> Result<Vec<Value>, SqlError>;

/// Where a table's rows come from.
#[derive(Clone, Copy)]
pub(crate) enum Rows {
    /// A SELECT; whether it has the column `@database`.
    Query { sql: &'static str, per_database: bool },
    /// A SELECT over the history's file; without one there are none.
    History(&'static str),
    /// A JSON array of arrays with the cells, in the order of the columns.
    Made(fn(&Environment<'_>) -> Result<String, SqlError>),
    /// The rows of a call, from a text and declarations of parameters.
    Discovered(Discover),
}

const NAME: SqlType = SqlType::SYSNAME;
const INT: SqlType = SqlType::Int;
const BIT: SqlType = SqlType::Bit;
const TINY: SqlType = SqlType::TinyInt;
const SMALL: SqlType = SqlType::SmallInt;
const BIG: SqlType = SqlType::BigInt;
const MOMENT: SqlType = SqlType::DateTime;
const CODE: SqlType = SqlType::Char(2);
const TEXT: SqlType = SqlType::NVARCHAR_MAX;

/// The table of a name.
pub(crate) fn named(name: &str) -> Option<&'static BaseTable> {
    let tables = TABLES.iter().chain(security::TABLES).chain(machine::TABLES);
    let tables = tables.chain(user_messages::TABLES);
    let mut tables = tables.chain(governor::listing::TABLES);
    tables.find(|table| table.name.eq_ignore_ascii_case(name))
}

/// The number of the schema whose key `$key` holds.
macro_rules! schema_id {
    ($table:literal) => {
        concat!(
            "CASE ",
            $table,
            ".schema_key WHEN 'dbo' THEN 1 WHEN 'guest' THEN 2 ELSE
                (SELECT schema_id FROM main.\"launchpod.schemas\" s WHERE s.database_id = ",
            $table,
            ".database_id AND s.key = ",
            $table,
            ".schema_key) END"
        )
    };
}

/// A column of both catalogs: the users' tables and this session's temporary ones.
macro_rules! both {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM main.\"launchpod.",
            $table,
            "\" UNION ALL SELECT ",
            $columns,
            " FROM temp.\"launchpod.",
            $table,
            "\""
        )
    };
}

/// Tables, in both catalogs.
macro_rules! tables {
    () => {
        concat!(
            "(SELECT 'main' AS attached, o.database_id, o.object_id, o.name, ",
            schema_id!("o"),
            r#" AS schema_id, o.storage, o.created FROM main."launchpod.objects" o
            UNION ALL SELECT 'temp', 2, object_id, name, 1, storage, created
            FROM temp."launchpod.objects")"#
        )
    };
}

/// The lines of a text as the rows of `json_each`, numbered from 0 by `key`.
macro_rules! lines {
    ($text:literal) => {
        concat!(
            "json_each('[' || replace(replace(json_quote(rtrim(",
            $text,
            r#", char(10))), '\\', '\u005c'), '\n', '","') || ']')"#
        )
    };
}

const OBJECTS: &str = concat!(
    r#"SELECT o.database_id AS "@database", o.object_id, o.name, o.schema_id,
        0 AS parent_object_id, 0 AS parent_column_id, 'U ' AS type,
        o.created * 10000000 AS created, o.created * 10000000 AS modified, NULL AS definition,
        0 AS is_system_named FROM "#,
    tables!(),
    r#" o UNION ALL
    SELECT m.database_id, m.object_id, m.name, "#,
    schema_id!("m"),
    r#", 0, 0, substr(m.type || ' ', 1, 2), m.created * 10000000, m.modified * 10000000,
        m.definition, 0
    FROM main."launchpod.modules" m UNION ALL
    SELECT o.database_id, k.constraint_id, k.name, o.schema_id, k.object_id, k.column_id,
        substr(k.type || ' ', 1, 2), o.created * 10000000, o.created * 10000000,
        CASE WHEN k.type IN ('C', 'D') THEN '(' || k.definition || ')' END, k.is_system_named
    FROM ("#,
    both!(
        "constraint_id, object_id, column_id, name, type, definition, is_system_named",
        "constraints"
    ),
    ") k JOIN ",
    tables!(),
    " o USING (object_id)"
);

const COLUMNS: &str = concat!(
    r#"SELECT o.database_id AS "@database", c.object_id, c.column_id, c.name,
        CASE WHEN c.user_type_id IN (108, 189) THEN c.user_type_id ELSE c.system_type_id END AS system_type_id,
        c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity, c.seed, c.increment,
        c.last, c.computed, c.is_persisted, coalesce(k.constraint_id, 0) AS default_object_id,
        coalesce(c.user_type_id, c.system_type_id) AS user_type_id
    FROM ("#,
    both!(
        "object_id, column_id, name, system_type_id, max_length, precision, scale, is_nullable,
        is_identity, seed, increment, last, computed, is_persisted, user_type_id",
        "columns"
    ),
    r#") c JOIN (SELECT database_id, object_id FROM main."launchpod.objects"
        UNION ALL SELECT database_id, object_id FROM main."launchpod.modules"
        UNION ALL SELECT 2, object_id FROM temp."launchpod.objects") o USING (object_id)
    LEFT JOIN ("#,
    both!("constraint_id, object_id, column_id, type", "constraints"),
    ") k ON k.object_id = c.object_id AND k.column_id = c.column_id AND k.type = 'D'"
);

/// Keys and indexes of tables, without their numbers.
macro_rules! indexes {
    () => {
        concat!(
            r#"(SELECT object_id, constraint_id, name, key, type, 1 AS is_unique,
                0 AS is_filtered,
                CASE type WHEN 'PK' THEN 0 ELSE constraint_id END AS place FROM ("#,
            both!("object_id, constraint_id, name, key, type", "constraints"),
            r#") WHERE type IN ('PK', 'UQ') UNION ALL
            SELECT object_id, NULL, name, key, '', is_unique, is_filtered, 3000000000 + index_id
            FROM ("#,
            both!("object_id, index_id, name, key, is_unique, is_filtered", "indexes"),
            "))"
        )
    };
}

/// Keys and indexes, numbered: a PRIMARY KEY is number 1, others count from 2.
macro_rules! numbered_indexes {
    () => {
        concat!(
            r#"(SELECT o.database_id, o.attached, i.object_id, i.constraint_id, i.name, i.type,
                i.is_unique, i.is_filtered, o.storage || '.' || i.key AS storage,
                CASE i.type WHEN 'PK' THEN 1 ELSE
                    1 + row_number() OVER (PARTITION BY i.object_id, i.type = 'PK' ORDER BY place)
                END AS index_id
            FROM "#,
            indexes!(),
            " i JOIN ",
            tables!(),
            " o USING (object_id))"
        )
    };
}

const INDEXES: &str = concat!(
    r#"SELECT database_id AS "@database", object_id, index_id, name, type AS key_type, is_unique,
        is_filtered, constraint_id, storage FROM "#,
    numbered_indexes!(),
    r#" UNION ALL SELECT o.database_id, o.object_id, 0, NULL, '', 0, 0, NULL, o.storage FROM "#,
    tables!(),
    r#" o WHERE NOT EXISTS (SELECT 1 FROM ("#,
    both!("object_id, type", "constraints"),
    ") k WHERE k.object_id = o.object_id AND k.type = 'PK')"
);

const INDEX_COLUMNS: &str = concat!(
    r#"SELECT i.database_id AS "@database", i.object_id, i.index_id,
        x.seqno + 1 AS key_ordinal, c.column_id, x."desc" AS is_descending
    FROM "#,
    numbered_indexes!(),
    r#" i, pragma_index_xinfo(i.storage, i.attached) x,
    ("#,
    both!("object_id, column_id, name", "columns"),
    ") c WHERE x.key AND c.object_id = i.object_id AND c.name = x.name COLLATE NOCASE"
);

const FOREIGN_KEY_COLUMNS: &str = concat!(
    r#"SELECT o.database_id AS "@database", k.constraint_id, k.object_id, x.key + 1 AS ordinal,
        c.column_id, k.referenced_id AS referenced_object_id,
        r.column_id AS referenced_column_id, k.on_delete, k.on_update
    FROM main."launchpod.constraints" k JOIN main."launchpod.objects" o USING (object_id),
    "#,
    lines!("k.definition"),
    " x, ",
    lines!("k.referenced"),
    r#" y JOIN main."launchpod.columns" c ON c.object_id = k.object_id
        AND c.name = x.value COLLATE NOCASE
    JOIN main."launchpod.columns" r ON r.object_id = k.referenced_id
        AND r.name = y.value COLLATE NOCASE
    WHERE k.type = 'F' AND y.key = x.key"#
);

/// `sys.types`: those that every database has, and those that users have made.
const TYPES: &str = concat!(
    r#"SELECT d.database_id AS "@database", column1 AS name, column2 AS system_type_id,
    column3 AS user_type_id, column4 AS max_length, column5 AS precision, column6 AS scale,
    4 AS schema_id, column1 <> 'sysname' AS is_nullable, 0 AS is_user_defined
FROM main."launchpod.databases" d, (VALUES ('image',34,34,16,0,0), ('text',35,35,16,0,0), ('uniqueidentifier',36,36,16,0,0),
    ('date',40,40,3,10,0), ('time',41,41,5,16,7), ('datetime2',42,42,8,27,7),
    ('datetimeoffset',43,43,10,34,7), ('tinyint',48,48,1,3,0), ('smallint',52,52,2,5,0),
    ('int',56,56,4,10,0), ('smalldatetime',58,58,4,16,0), ('real',59,59,4,24,0),
    ('money',60,60,8,19,4), ('datetime',61,61,8,23,3), ('float',62,62,8,53,0),
    ('ntext',99,99,16,0,0), ('bit',104,104,1,1,0), ('decimal',106,106,17,38,38),
    ('numeric',108,108,17,38,38), ('smallmoney',122,122,4,10,4), ('bigint',127,127,8,19,0),
    ('varbinary',165,165,8000,0,0), ('varchar',167,167,8000,0,0), ('binary',173,173,8000,0,0),
    ('char',175,175,8000,0,0), ('nvarchar',231,231,8000,0,0), ('sysname',231,256,256,0,0),
    ('nchar',239,239,8000,0,0), ('xml',241,241,-1,0,0), ('json',244,244,-1,0,0),
    ('sql_variant',98,98,8016,0,0), ('timestamp',189,189,8,0,0))
UNION ALL
SELECT t.database_id, t.name, t.system_type_id, t.user_type_id, t.max_length, t.precision,
    t.scale, "#,
    schema_id!("t"),
    r#", t.is_nullable, 1 FROM main."launchpod.types" t"#
);

/// How much of the file a table or index takes. SQLite counts by reading it.
const SIZES: &str = concat!(
    r#"SELECT i.database_id AS "@database", i.object_id, i.index_id,
        (SELECT count(*) FROM dbstat s WHERE s.name = i.storage) AS pages,
        (SELECT coalesce(sum(ncell), 0) FROM dbstat s WHERE s.name = i.heap
            AND s.pagetype = 'leaf') AS row_count
    FROM (SELECT o.database_id, o.object_id, o.storage AS heap, o.storage,
            EXISTS (SELECT 1 FROM main."launchpod.constraints" k
                    WHERE k.object_id = o.object_id AND k.type = 'PK') AS index_id
        FROM main."launchpod.objects" o
        UNION ALL SELECT n.database_id, n.object_id, o.storage, n.storage, n.index_id
        FROM "#,
    numbered_indexes!(),
    r#" n JOIN main."launchpod.objects" o USING (object_id) WHERE n.type <> 'PK') i"#
);

/// What the texts in this folder define.
static SYSTEM_OBJECTS: LazyLock<String> = LazyLock::new(|| {
    let rows: Vec<String> = listing::numbered()
        .map(|(number, (schema, name, code))| {
            let schema_id = if schema == "sys" { 4 } else { 3 };
            format!("({number}, '{name}', {schema_id}, '{code}')")
        })
        .collect();
    format!(
        "SELECT column1 AS object_id, column2 AS name, column3 AS schema_id, column4 AS type
         FROM (VALUES {})",
        rows.join(", ")
    )
});

/// All of them.
static TABLES: LazyLock<Vec<BaseTable>> = LazyLock::new(|| {
    vec![
        BaseTable {
            name: "databases",
            columns: &[
                ("database_id", INT, false),
                ("name", NAME, false),
                ("created", MOMENT, false),
            ],
            rows: Rows::Query {
                sql: r#"SELECT database_id, name, created * 10000000 AS created
                    FROM main."launchpod.databases""#,
                per_database: false,
            },
        },
        BaseTable {
            name: "schemas",
            columns: &[
                ("name", NAME, false),
                ("schema_id", INT, false),
                ("principal_id", INT, false),
            ],
            rows: Rows::Query {
                sql: r#"SELECT d.database_id AS "@database", s.column1 AS name, s.column2 AS schema_id,
                    s.column2 AS principal_id
                FROM main."launchpod.databases" d, (VALUES ('dbo', 1), ('guest', 2),
                    ('INFORMATION_SCHEMA', 3), ('sys', 4)) s
                UNION ALL
                SELECT s.database_id, s.name, s.schema_id, coalesce(o.owner, 1)
                FROM main."launchpod.schemas" s LEFT JOIN main."launchpod.owners" o
                ON o.database_id = s.database_id AND o.class = 3 AND o.id = s.schema_id"#,
                per_database: true,
            },
        },
        BaseTable {
            name: "objects",
            columns: &[
                ("object_id", INT, false),
                ("name", NAME, false),
                ("schema_id", INT, false),
                ("parent_object_id", INT, false),
                ("parent_column_id", INT, false),
                ("type", CODE, true),
                ("created", MOMENT, false),
                ("modified", MOMENT, false),
                ("definition", TEXT, true),
                ("is_system_named", BIT, false),
            ],
            rows: Rows::Query { sql: OBJECTS, per_database: true },
        },
        // The same, of which a caller sees those whose definition they may view.
        BaseTable {
            name: "definitions",
            columns: &[
                ("object_id", INT, false),
                ("parent_object_id", INT, false),
                ("type", CODE, true),
                ("definition", TEXT, true),
            ],
            rows: Rows::Query { sql: OBJECTS, per_database: true },
        },
        BaseTable {
            name: "system_objects",
            columns: &[
                ("object_id", INT, false),
                ("name", NAME, false),
                ("schema_id", INT, false),
                ("type", CODE, true),
            ],
            rows: Rows::Query { sql: &SYSTEM_OBJECTS, per_database: false },
        },
        BaseTable {
            name: "columns",
            columns: &[
                ("object_id", INT, false),
                ("column_id", INT, false),
                ("name", NAME, true),
                ("system_type_id", TINY, false),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("is_nullable", BIT, false),
                ("is_identity", BIT, false),
                ("seed", BIG, true),
                ("increment", BIG, true),
                ("last", BIG, true),
                ("computed", TEXT, true),
                ("is_persisted", BIT, false),
                ("default_object_id", INT, false),
                ("user_type_id", INT, false),
            ],
            rows: Rows::Query { sql: COLUMNS, per_database: true },
        },
        BaseTable {
            name: "sequences",
            columns: &[
                ("object_id", INT, false),
                ("start_value", SqlType::Variant, false),
                ("increment", SqlType::Variant, false),
                ("minimum_value", SqlType::Variant, false),
                ("maximum_value", SqlType::Variant, false),
                ("is_cycling", BIT, false),
                ("is_cached", BIT, false),
                ("cache_size", INT, true),
                ("system_type_id", TINY, false),
                ("precision", TINY, false),
                ("current_value", SqlType::Variant, false),
                ("is_exhausted", BIT, false),
                ("last_used_value", SqlType::Variant, true),
            ],
            rows: Rows::Made(sequences::listed),
        },
        BaseTable {
            name: "synonyms",
            columns: &[
                ("object_id", INT, false),
                ("base_object_name", SqlType::NVarChar(Length::Limited(1035)), true),
                ("base_type", CODE, true),
            ],
            rows: Rows::Made(synonyms::listed),
        },
        BaseTable {
            name: "parameters",
            columns: &[
                ("object_id", INT, false),
                ("parameter_id", INT, false),
                ("name", NAME, false),
                ("system_type_id", TINY, false),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("is_output", BIT, false),
                ("user_type_id", INT, false),
            ],
            rows: Rows::Query {
                sql: r#"SELECT m.database_id AS "@database", p.object_id, p.parameter_id, p.name,
                    CASE WHEN p.user_type_id IN (108, 189) THEN p.user_type_id
                        ELSE p.system_type_id END AS system_type_id, p.max_length, p.precision, p.scale, p.is_output,
                    coalesce(p.user_type_id, p.system_type_id) AS user_type_id
                FROM main."launchpod.parameters" p JOIN main."launchpod.modules" m
                USING (object_id)"#,
                per_database: true,
            },
        },
        BaseTable {
            name: "indexes",
            columns: &[
                ("object_id", INT, false),
                ("index_id", INT, false),
                ("name", NAME, true),
                ("key_type", CODE, false),
                ("is_unique", BIT, false),
                ("is_filtered", BIT, false),
                ("constraint_id", INT, true),
            ],
            rows: Rows::Query { sql: INDEXES, per_database: true },
        },
        BaseTable {
            name: "index_columns",
            columns: &[
                ("object_id", INT, false),
                ("index_id", INT, false),
                ("key_ordinal", TINY, false),
                ("column_id", INT, false),
                ("is_descending", BIT, false),
            ],
            rows: Rows::Query { sql: INDEX_COLUMNS, per_database: true },
        },
        BaseTable {
            name: "foreign_key_columns",
            columns: &[
                ("constraint_id", INT, false),
                ("object_id", INT, false),
                ("ordinal", INT, false),
                ("column_id", INT, false),
                ("referenced_object_id", INT, false),
                ("referenced_column_id", INT, false),
                ("on_delete", TINY, false),
                ("on_update", TINY, false),
            ],
            rows: Rows::Query { sql: FOREIGN_KEY_COLUMNS, per_database: true },
        },
        BaseTable {
            name: "types",
            columns: &[
                ("name", NAME, false),
                ("system_type_id", TINY, false),
                ("user_type_id", INT, false),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("schema_id", INT, false),
                ("is_nullable", BIT, false),
                ("is_user_defined", BIT, false),
            ],
            rows: Rows::Query { sql: TYPES, per_database: true },
        },
        BaseTable {
            name: "sizes",
            columns: &[
                ("object_id", INT, false),
                ("index_id", INT, false),
                ("pages", BIG, false),
                ("row_count", BIG, false),
            ],
            rows: Rows::Query { sql: SIZES, per_database: true },
        },
        BaseTable {
            name: "script_requests",
            columns: &[
                ("request_id", SqlType::UniqueIdentifier, false),
                ("login", NAME, false),
                ("database", NAME, false),
                ("language", NAME, false),
                ("script_hash", SqlType::Char(64), false),
                ("script", TEXT, true),
                ("started", MOMENT, false),
                ("account", NAME, true),
                ("workers", INT, false),
                ("ended", MOMENT, true),
                ("outcome", NAME, true),
                ("error", INT, true),
                ("reason", TEXT, true),
                ("image_id", NAME, true),
                ("lock_hash", NAME, true),
                ("container", NAME, true),
                ("admit_us", BIG, true),
                ("create_us", BIG, true),
                ("start_us", BIG, true),
                ("ready_us", BIG, true),
                ("input_us", BIG, true),
                ("script_us", BIG, true),
                ("output_us", BIG, true),
                ("rows_in", BIG, true),
                ("rows_out", BIG, true),
                ("bytes_in", BIG, true),
                ("bytes_out", BIG, true),
                ("cpu_us", BIG, true),
                ("peak_memory", BIG, true),
                ("outbound_allowed", BIG, true),
                ("outbound_refused", BIG, true),
                ("pool", NAME, true),
                ("outbound_sent", BIG, true),
                ("outbound_received", BIG, true),
            ],
            rows: Rows::History("SELECT * FROM history.requests"),
        },
        BaseTable {
            name: "script_counters",
            columns: &[("name", NAME, false), ("value", BIG, false)],
            rows: Rows::History("SELECT * FROM history.counters"),
        },
        BaseTable {
            name: "system_columns",
            columns: &[
                ("object_id", INT, false),
                ("column_id", INT, false),
                ("name", NAME, true),
                ("system_type_id", TINY, false),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("is_nullable", BIT, false),
            ],
            rows: Rows::Made(listing::system_columns),
        },
        BaseTable {
            name: "system_parameters",
            columns: &[
                ("object_id", INT, false),
                ("parameter_id", INT, false),
                ("name", NAME, false),
                ("system_type_id", TINY, false),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("is_output", BIT, false),
            ],
            rows: Rows::Made(listing::system_parameters),
        },
        BaseTable {
            name: "configurations",
            columns: &[
                ("configuration_id", INT, false),
                ("name", SqlType::NVarChar(Length::Limited(35)), false),
                ("value", INT, true),
                ("minimum", INT, true),
                ("maximum", INT, true),
                ("value_in_use", INT, true),
                ("description", SqlType::NVarChar(Length::Limited(255)), false),
            ],
            rows: Rows::Made(|environment| {
                listing::array(&environment.session.configurations.rows())
            }),
        },
        BaseTable {
            name: "first_result_set",
            columns: &[
                ("column_ordinal", INT, false),
                ("name", NAME, true),
                ("is_nullable", BIT, false),
                ("system_type_id", INT, false),
                ("system_type_name", SqlType::NVarChar(Length::Limited(256)), true),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("collation_name", NAME, true),
                ("is_identity_column", BIT, true),
                ("tds_type_id", INT, false),
                ("tds_length", INT, false),
                ("tds_collation_id", INT, true),
                ("tds_collation_sort_id", TINY, true),
            ],
            rows: Rows::Discovered(discovery::first_result_set),
        },
        BaseTable {
            name: "undeclared_parameters",
            columns: &[
                ("parameter_ordinal", INT, false),
                ("name", NAME, false),
                ("system_type_id", INT, false),
                ("system_type_name", SqlType::NVarChar(Length::Limited(256)), true),
                ("max_length", SMALL, false),
                ("precision", TINY, false),
                ("scale", TINY, false),
                ("is_input", BIT, false),
                ("is_output", BIT, false),
                ("formal_parameter_name", NAME, true),
                ("tds_type_id", INT, false),
                ("tds_length", INT, false),
            ],
            rows: Rows::Discovered(discovery::undeclared_parameters),
        },
        BaseTable {
            name: "time_zones",
            columns: &[
                ("name", NAME, false),
                ("current_utc_offset", SqlType::NVarChar(Length::Limited(6)), false),
                ("is_currently_dst", BIT, false),
            ],
            rows: Rows::Made(|environment| Ok(zone::all(environment.now.unwrap_or_else(now)))),
        },
        BaseTable {
            name: "dependencies",
            columns: &[
                ("referencing_id", INT, false),
                ("database_name", NAME, true),
                ("schema_name", NAME, true),
                ("entity_name", NAME, false),
                ("referenced_id", INT, true),
                ("is_caller_dependent", BIT, false),
            ],
            rows: Rows::Made(dependencies::dependencies),
        },
        BaseTable {
            name: "extended_properties",
            columns: &[
                ("class", TINY, false),
                ("major_id", INT, false),
                ("minor_id", INT, false),
                ("name", NAME, false),
                ("value", TEXT, true),
            ],
            rows: Rows::Query {
                sql: r#"SELECT database_id AS "@database", class, major_id, minor_id, name, value
                    FROM main."launchpod.extended_properties""#,
                per_database: true,
            },
        },
        BaseTable {
            name: "sessions",
            columns: &[
                ("session_id", SMALL, false),
                ("login_name", NAME, false),
                ("program_name", NAME, true),
                ("host_name", NAME, true),
                ("database_id", SMALL, false),
                ("login_time", MOMENT, false),
                ("started", MOMENT, false),
                ("ended", MOMENT, true),
                ("command", SqlType::NVarChar(Length::Limited(32)), false),
                ("transactions", INT, false),
                ("host_process_id", INT, true),
                ("client_interface_name", SqlType::NVarChar(Length::Limited(32)), true),
                ("protocol_version", INT, true),
                ("packet_size", INT, true),
                ("encrypted", BIT, false),
                ("client_address", SqlType::VarChar(Length::Limited(48)), true),
                ("client_port", INT, true),
                ("local_address", SqlType::VarChar(Length::Limited(48)), true),
                ("local_port", INT, true),
                ("script_request", SqlType::VarChar(Length::Limited(36)), true),
                ("group_id", INT, false),
            ],
            rows: Rows::Made(|environment| {
                let all = environment.context()?.may(Class::Server, "VIEW SERVER STATE");
                listing::array(&environment.session.live.rows(all))
            }),
        },
    ]
});
