//! Constraints as the catalog keeps them.

use launchpod_tsql::ast::{ReferentialAction, fold_name};
use launchpod_types::SqlError;
use rusqlite::{OptionalExtension, Row, params};

use super::catalog::{Catalog, DatabaseName, Table, failed};

/// A constraint of a table.
#[derive(Clone, Debug)]
pub(crate) struct StoredConstraint {
    pub(crate) name: String,
    /// `PK`, `UQ`, `C`, `F` or `D`, as in `sys.objects`.
    pub(crate) code: String,
    /// Of a CHECK or DEFAULT its T-SQL text; of a key its columns, each followed by a line feed.
    pub(crate) definition: String,
    /// The number of the only column that it is about; 0 when there are several.
    pub(crate) column_id: i64,
    /// Whether its name was made up.
    pub(crate) system_named: bool,
    /// What a FOREIGN KEY references.
    pub(crate) references: Option<References>,
}

/// What a FOREIGN KEY references.
#[derive(Clone, Debug)]
pub(crate) struct References {
    /// The other table; 0 for the table itself while it is being made.
    pub(crate) object_id: i64,
    /// Its columns, each followed by a line feed.
    pub(crate) columns: String,
    pub(crate) on_delete: ReferentialAction,
    pub(crate) on_update: ReferentialAction,
}

/// A FOREIGN KEY of another table.
pub(crate) struct ForeignKeyOf {
    /// The table that has it.
    pub(crate) object_id: i64,
    /// `schema.name` of that table.
    pub(crate) table: String,
    pub(crate) constraint: StoredConstraint,
}

// === impl Catalog ===

impl Catalog<'_> {
    /// Writes a table's new constraint down.
    pub(super) fn add_constraint(
        &self,
        table: &Table,
        constraint: &StoredConstraint,
    ) -> Result<(), SqlError> {
        let id = self.next_object_id(table.attached)?;
        let references = constraint.references.as_ref();
        let referenced = references.map(|references| match references.object_id {
            0 => table.object_id,
            other => other,
        });
        self.connection
            .execute(
                &format!(
                    r#"INSERT INTO {}."launchpod.constraints"
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"#,
                    table.attached
                ),
                params![
                    id,
                    table.object_id,
                    constraint.name,
                    fold_name(&constraint.name),
                    constraint.code,
                    constraint.definition,
                    constraint.column_id,
                    constraint.system_named,
                    referenced,
                    references.map(|references| &references.columns),
                    references.map(|references| action_code(references.on_delete)),
                    references.map(|references| action_code(references.on_update)),
                ],
            )
            .map_err(failed)?;
        Ok(())
    }

    pub(super) fn drop_stored_constraint(&self, table: &Table, name: &str) -> Result<(), SqlError> {
        let sql = format!(
            r#"DELETE FROM {}."launchpod.constraints" WHERE object_id = ?1 AND key = ?2"#,
            table.attached
        );
        let key = params![table.object_id, fold_name(name)];
        self.connection.execute(&sql, key).map_err(failed)?;
        Ok(())
    }

    pub(crate) fn constraints(&self, table: &Table) -> Result<Vec<StoredConstraint>, SqlError> {
        let sql = format!(
            r#"SELECT {COLUMNS} FROM {}."launchpod.constraints" c
               WHERE object_id = ?1 ORDER BY abs(constraint_id)"#,
            table.attached
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let rows = statement.query_map([table.object_id], constraint).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The FOREIGN KEYs that reference a table, its own among them.
    pub(crate) fn referencing(&self, table: &Table) -> Result<Vec<ForeignKeyOf>, SqlError> {
        if table.attached == "temp" {
            return Ok(Vec::new());
        }
        let sql = format!(
            r#"SELECT {COLUMNS}, o.schema || '.' || o.name, object_id FROM main."launchpod.constraints" c
               JOIN main."launchpod.objects" o USING (object_id)
               WHERE c.type = 'F' AND c.referenced_id = ?1 ORDER BY constraint_id"#
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let rows = statement
            .query_map([table.object_id], |row| {
                Ok(ForeignKeyOf {
                    constraint: constraint(row)?,
                    table: row.get(9)?,
                    object_id: row.get(10)?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// The number and code of a constraint by its name.
    pub(crate) fn constraint(
        &self,
        database: &DatabaseName,
        schema: &str,
        name: &str,
    ) -> Result<Option<(i64, String)>, SqlError> {
        self.connection
            .query_row(
                r#"SELECT c.constraint_id, c.type FROM main."launchpod.constraints" c
                   JOIN main."launchpod.objects" o USING (object_id)
                   WHERE o.database_id = ?1 AND c.key = ?2 AND o.schema_key = ?3"#,
                params![database.id, fold_name(name), fold_name(schema)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(failed)
    }

    /// The texts of a table's CHECK constraints.
    pub(crate) fn checks(&self, table: &Table) -> Result<Vec<String>, SqlError> {
        let constraints = self.constraints(table)?;
        let checks = constraints.into_iter().filter(|constraint| constraint.code == "C");
        Ok(checks.map(|constraint| constraint.definition).collect())
    }
}

// === impl StoredConstraint ===

impl StoredConstraint {
    /// Of a key: its columns.
    pub(crate) fn columns(&self) -> Vec<&str> {
        match self.code.as_str() {
            "C" | "D" => Vec::new(),
            _ => self.definition.lines().collect(),
        }
    }

    /// Whether it is a PRIMARY KEY or UNIQUE.
    pub(crate) fn is_key(&self) -> bool {
        matches!(self.code.as_str(), "PK" | "UQ")
    }
}

const COLUMNS: &str = "c.name, c.type, c.definition, c.column_id, c.is_system_named, \
    c.referenced_id, c.referenced, c.on_delete, c.on_update";

fn constraint(row: &Row<'_>) -> rusqlite::Result<StoredConstraint> {
    let references = match row.get::<_, Option<i64>>(5)? {
        Some(object_id) => Some(References {
            object_id,
            columns: row.get(6)?,
            on_delete: action_of(row.get(7)?),
            on_update: action_of(row.get(8)?),
        }),
        None => None,
    };
    Ok(StoredConstraint {
        name: row.get(0)?,
        code: row.get(1)?,
        definition: row.get(2)?,
        column_id: row.get(3)?,
        system_named: row.get(4)?,
        references,
    })
}

/// `sys.foreign_keys.delete_referential_action`
fn action_code(action: ReferentialAction) -> i64 {
    match action {
        ReferentialAction::NoAction => 0,
        ReferentialAction::Cascade => 1,
        ReferentialAction::SetNull => 2,
        ReferentialAction::SetDefault => 3,
    }
}

fn action_of(code: i64) -> ReferentialAction {
    match code {
        1 => ReferentialAction::Cascade,
        2 => ReferentialAction::SetNull,
        3 => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
