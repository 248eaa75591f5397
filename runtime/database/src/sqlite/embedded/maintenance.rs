//! DBCC, and statements for which there is nothing to do.

use launchpod_tsql::ast::{Dbcc, Literal, ObjectName};
use launchpod_types::{Message, SqlError};

use super::catalog::{Catalog, Identity, Table};
use super::thread::{Job, Stop, Worker};
use crate::Event;
use crate::sqlite::errors;

/// What `DBCC CHECKIDENT` is to do.
enum Check {
    /// Tell the counter.
    Tell,
    /// Set it to the greatest value where it is behind.
    Mend,
    /// Set it.
    Reseed(i64),
}

// === impl Worker ===

impl Worker {
    /// Statistics, indexes and the log are SQLite's own affair: only the table must be there.
    pub(super) fn maintain(&self, table: Option<&ObjectName>) -> Result<(), Stop> {
        if let Some(table) = table {
            let found = self.environment().table(table)?;
            if !self.environment().may_table(&found, "AL")? {
                return Err(errors::cannot_find_object(&table.to_string()).into());
            }
        }
        Ok(())
    }

    /// # Errors
    /// 40517 for a command that isn't known.
    pub(super) fn dbcc(&mut self, job: &Job, dbcc: &Dbcc) -> Result<(), Stop> {
        let mut told = match dbcc.command.as_str() {
            "CHECKIDENT" => self.check_identity(job, &dbcc.arguments)?,
            // Caches that SQLite has are its own.
            "FREEPROCCACHE" | "DROPCLEANBUFFERS" | "FREESYSTEMCACHE" => Vec::new(),
            "OPENTRAN" if self.transaction.state().depth == 0 => {
                vec![Message::info(7969, "No active open transactions.")]
            }
            other => return Err(errors::unsupported(format_args!("DBCC {other}")).into()),
        };
        told.push(Message::info(
            2528,
            "DBCC execution completed. If DBCC printed error messages, contact your system administrator.",
        ));
        for message in told.into_iter().filter(|_| !dbcc.quiet) {
            self.send(job, Event::Message(message))?;
        }
        Ok(())
    }

    /// `DBCC CHECKIDENT (table [, NORESEED | RESEED [, value]])`
    fn check_identity(&mut self, job: &Job, arguments: &[Literal]) -> Result<Vec<Message>, Stop> {
        let (name, check) = check_of(arguments)?;
        let environment = self.environment();
        let table = environment.catalog().table_by_text(name, environment.database)?;
        let table = table.ok_or_else(|| errors::cannot_find_table(name))?;
        if !environment.may_table(&table, "AL")? {
            return Err(errors::cannot_find_table(name).into());
        }
        let mut told = Vec::new();
        self.change(job, table.attached == "temp", |worker, _| {
            let catalog = Catalog::new(&worker.connection);
            let identity = catalog.identity(&table)?;
            let identity = identity.ok_or_else(|| errors::no_identity(name))?;
            let greatest = worker.furthest(&table, identity)?;
            let shown =
                |value: Option<i64>| value.map_or("NULL".to_owned(), |value| value.to_string());
            let current = format!(
                "Checking identity information: current identity value '{}'",
                shown(identity.last)
            );
            told.push(Message::info(
                7998,
                match check {
                    Check::Reseed(_) => format!("{current}."),
                    _ => format!("{current}, current column value '{}'.", shown(greatest)),
                },
            ));
            let last = match check {
                Check::Tell => return Ok(()),
                Check::Mend => greatest.map(|greatest| identity.further(greatest)),
                // The first row of a table without any gets the value itself.
                Check::Reseed(value) if identity.last.is_none() => {
                    value.checked_sub(identity.increment)
                }
                Check::Reseed(value) => Some(value),
            };
            Ok(worker.set_counter(&table, Identity { last, ..identity })?)
        })?;
        Ok(told)
    }

    /// The furthest value in a table's IDENTITY column.
    fn furthest(&self, table: &Table, identity: Identity) -> Result<Option<i64>, SqlError> {
        let Some(column) = table.columns.iter().find(|column| column.identity) else {
            return Ok(None);
        };
        let function = if identity.increment >= 0 { "max" } else { "min" };
        let quoted = crate::sqlite::translate::quoted;
        let sql = format!(
            "SELECT {function}({}) FROM {}.{}",
            quoted(&column.name),
            table.attached,
            quoted(&table.storage)
        );
        let value =
            self.connection.query_row(&sql, [], |row| row.get::<_, rusqlite::types::Value>(0));
        Ok(match value.map_err(super::catalog::failed)? {
            rusqlite::types::Value::Integer(value) => Some(value),
            // A decimal of scale 0.
            rusqlite::types::Value::Blob(bytes) => {
                launchpod_functions::cell::decode_decimal(&bytes)
                    .and_then(|value| i64::try_from(value).ok())
            }
            _ => None,
        })
    }
}

fn check_of(arguments: &[Literal]) -> Result<(&str, Check), SqlError> {
    let text = |literal: &Literal| match literal {
        Literal::String { text, .. } => Some(text.to_ascii_uppercase()),
        _ => None,
    };
    let number = |literal: &Literal| match literal {
        Literal::Integer(number) => Some(i64::from(*number)),
        Literal::Decimal(decimal) if decimal.scale == 0 => i64::try_from(decimal.unscaled).ok(),
        _ => None,
    };
    let wrong = || errors::syntax_near("CHECKIDENT");
    let Some((Literal::String { text: name, .. }, rest)) = arguments.split_first() else {
        return Err(wrong());
    };
    let check = match rest {
        [] => Check::Mend,
        [word] if text(word).as_deref() == Some("NORESEED") => Check::Tell,
        [word] if text(word).as_deref() == Some("RESEED") => Check::Mend,
        [word, value] if text(word).as_deref() == Some("RESEED") => {
            Check::Reseed(number(value).ok_or_else(wrong)?)
        }
        _ => return Err(wrong()),
    };
    Ok((name, check))
}
