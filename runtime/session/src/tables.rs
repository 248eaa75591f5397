//! Temporary tables that end with a text: those of its table variables, and the `#tables` that a
//! procedure makes ("Temporary tables" in "CREATE TABLE").

use launchpod_tsql::ast::{Declaration, QueryBody, Statement, StatementKind, fold_name};
use tokio_util::sync::CancellationToken;

use crate::run::{Run, Stop};
use crate::session::Session;
use crate::walk::nested;

/// How much of a table variable's name is in its table's, which has at most 116 characters.
const SHOWN: usize = 60;

// === impl Session ===

impl Session {
    /// The name of the table for a table variable, which no other has.
    pub(crate) fn table_for(&mut self, variable: &str) -> String {
        self.last_table += 1;
        let shown: String = variable.chars().take(SHOWN).collect();
        format!("#{shown} {}", self.last_table)
    }
}

// === impl Run ===

impl Run<'_> {
    /// Makes the tables of a text's table variables. They are there before its first statement
    /// runs, and one in a loop is the same in every turn.
    pub async fn make_tables(&mut self, statements: &[Statement]) -> Result<(), Stop> {
        let source = std::sync::Arc::clone(&self.scope.source);
        for statement in nested(statements) {
            let StatementKind::Declare(declarations) = &statement.kind else { continue };
            let mut tables = Vec::new();
            for declaration in declarations {
                match declaration {
                    Declaration::Table { name, .. } => {
                        tables.push(self.variable(name)?.value.clone());
                    }
                    Declaration::Variable { name, .. }
                        if self.scope.table_types.contains_key(&fold_name(name)) =>
                    {
                        tables.push(self.variable(name)?.value.clone());
                    }
                    _ => {}
                }
            }
            if tables.is_empty() {
                continue;
            }
            let names = tables.into_iter().filter_map(|value| match value {
                launchpod_types::Value::Text(name) => Some(bracketed(&name)),
                _ => None,
            });
            self.scope.tables.extend(names);
            let text = statement.span.text(&source);
            let mut events = self.start_until(statement.clone(), text, CancellationToken::new());
            while let Some(event) = events.recv().await {
                event.map_err(|error| {
                    Stop::Failed(self.located(vec![error.into()], statement.line))
                })?;
            }
        }
        Ok(())
    }

    /// Notes the temporary table that a statement has made, if it ends with the procedure and the
    /// database doesn't see to that.
    pub fn note_table(&mut self, kind: &StatementKind) {
        let made = match kind {
            StatementKind::CreateTable(create) => Some(&create.name),
            StatementKind::Select(query) => match &query.body {
                QueryBody::Select(select) => select.into.as_ref(),
                _ => None,
            },
            _ => None,
        };
        let of_procedure = self.scope.depth > 1 && !self.session.database.ends_tables();
        if let Some(name) = made.filter(|name| name.is_temporary() && of_procedure) {
            self.scope.tables.push(bracketed(&name.name.text));
        }
    }

    /// Drops the tables of a text that has ended.
    pub async fn drop_tables(&mut self, tables: Vec<String>) {
        for table in tables.into_iter().rev() {
            // A table that is gone, with a transaction perhaps, need not be dropped.
            let _ = self.own_statement(&format!("DROP TABLE IF EXISTS {table}"), false).await;
        }
    }
}

pub(crate) fn bracketed(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}
