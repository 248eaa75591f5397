//! SET options that the interpreter itself heeds.

use launchpod_database::{ModuleOptions, options};
use launchpod_tsql::ast::{
    InsertSource, Literal, QueryBody, Select, SelectItem, SetOption, SetValue, Statement,
    StatementKind,
};
use launchpod_types::{SqlError, SqlType, Value};

use crate::block::unsupported;
use crate::run::{Run, Stop};
use crate::walk::nested;

/// The options, as they hold for what runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// `NOCOUNT`
    pub no_count: bool,
    /// `XACT_ABORT`: an error ends the batch and rolls the transaction back.
    pub abort_transaction: bool,
    /// `IMPLICIT_TRANSACTIONS`: what reads or changes data begins a transaction.
    pub implicit_transactions: bool,
    /// `FMTONLY`: only the columns of results are told, and nothing runs.
    pub format_only: bool,
    /// `NOEXEC`: texts are read, and nothing runs.
    pub no_execute: bool,
    /// `PARSEONLY`: the same, for whole texts.
    pub parse_only: bool,
    /// `ROWCOUNT`: how many rows a query returns at most; 0 for all.
    pub row_limit: u64,
    /// `CONCAT_NULL_YIELDS_NULL`: a text and NULL are NULL.
    pub concat_null_yields_null: bool,
    /// `ANSI_NULLS` and `QUOTED_IDENTIFIER`, which a module brings along.
    pub module: ModuleOptions,
}

// === impl Options ===

impl Options {
    /// `@@OPTIONS` ("Configure the user options server configuration option").
    pub fn flags(&self) -> i64 {
        let own = [
            (self.implicit_transactions, 2),
            (self.no_count, 512),
            (self.concat_null_yields_null, options::CONCAT_NULL_YIELDS_NULL),
            (self.abort_transaction, 16_384),
        ];
        let own =
            own.iter().filter(|(on, _)| *on).fold(options::FIXED, |flags, (_, bit)| flags | bit);
        self.module.within(own)
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            no_count: false,
            abort_transaction: false,
            implicit_transactions: false,
            format_only: false,
            no_execute: false,
            parse_only: false,
            row_limit: 0,
            concat_null_yields_null: true,
            module: ModuleOptions::default(),
        }
    }
}

// === impl Run ===

impl Run<'_> {
    /// Heeds the options that are the interpreter's own.
    pub async fn set_option(&mut self, set: &SetOption) -> Result<(), Stop> {
        let on = set.value == SetValue::On;
        for name in &set.names {
            if name == "ROWCOUNT" {
                self.session.options.row_limit = self.row_limit(&set.value).await?;
            }
            let options = &mut self.session.options;
            // What a module brings along is not changed within it.
            let ansi_nulls = self.scope.options.map_or(on, |own| own.ansi_nulls);
            match name.as_str() {
                "NOCOUNT" => options.no_count = on,
                "XACT_ABORT" => options.abort_transaction = on,
                "IMPLICIT_TRANSACTIONS" => options.implicit_transactions = on,
                "CONCAT_NULL_YIELDS_NULL" => options.concat_null_yields_null = on,
                "ANSI_NULLS" => options.module.ansi_nulls = ansi_nulls,
                // QUOTED_IDENTIFIER was heeded when the text was read.
                "ANSI_DEFAULTS" => {
                    options.implicit_transactions = on;
                    options.module.ansi_nulls = ansi_nulls;
                }
                "FMTONLY" => options.format_only = on,
                "NOEXEC" => options.no_execute = on,
                _ => {}
            }
        }
        Ok(())
    }

    /// Has the options hold that a module brings along; a server is told of those that don't hold
    /// there, and sets them back when the module ends.
    pub async fn bring_options(&mut self) -> Result<(), Stop> {
        let Some(own) = self.scope.options else { return Ok(()) };
        let before = std::mem::replace(&mut self.session.options.module, own);
        if !self.session.database.is_server() {
            return Ok(());
        }
        for (name, before, on) in [
            ("QUOTED_IDENTIFIER", before.quoted_identifier, own.quoted_identifier),
            ("ANSI_NULLS", before.ansi_nulls, own.ansi_nulls),
        ] {
            if before != on {
                let value = if on { "ON" } else { "OFF" };
                self.own_statement(&format!("SET {name} {value}"), false).await?;
            }
        }
        Ok(())
    }

    /// Whether SET says nothing where it stands: a module's options stay as it brings them along.
    pub fn is_of_module(&self, set: &SetOption) -> bool {
        let is_brought = |name: &String| matches!(&**name, "QUOTED_IDENTIFIER" | "ANSI_NULLS");
        self.scope.options.is_some() && set.names.iter().all(is_brought)
    }

    async fn row_limit(&mut self, value: &SetValue) -> Result<u64, Stop> {
        let number = match value {
            SetValue::Literal(Literal::Integer(number)) => i64::from(*number),
            SetValue::Variable(name) => {
                let variable = self.variable(name)?.clone();
                match self.convert(variable.value, variable.sql_type, SqlType::Int).await? {
                    Value::Int(number) => number,
                    _ => 0,
                }
            }
            _ => -1,
        };
        let invalid = |_| {
            SqlError::with_class(
                1060,
                15,
                "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.",
            )
        };
        Ok(u64::try_from(number).map_err(invalid)?)
    }

    /// Whether a text is only read. PARSEONLY counts when the text is read, wherever in it the
    /// option is set.
    pub fn is_only_parsed(&mut self, statements: &[Statement]) -> bool {
        let options = &mut self.session.options;
        let mut only_parsed = options.parse_only;
        for statement in nested(statements) {
            if let StatementKind::SetOption(set) = &statement.kind
                && set.names.iter().any(|name| name == "PARSEONLY")
            {
                options.parse_only = set.value == SetValue::On;
                only_parsed |= options.parse_only;
            }
        }
        only_parsed
    }

    /// Whether a statement doesn't run under the options.
    pub fn is_skipped(&self, kind: &StatementKind) -> bool {
        let options = &self.session.options;
        if options.no_execute {
            return !matches!(kind, StatementKind::SetOption(_));
        }
        options.format_only && !has_results(kind)
    }

    /// A statement with the TOP that SET ROWCOUNT stands for, and its text, when it changes rows:
    /// those that it returns are counted as they come.
    ///
    /// # Errors
    /// 40510 for a statement that TOP can't be put into.
    pub fn limited(
        &self,
        statement: &Statement,
        source: &str,
    ) -> Result<Option<(Statement, String)>, Stop> {
        let limit = self.session.options.row_limit;
        if limit == 0 {
            return Ok(None);
        }
        let Some(place) = place_of_top(statement) else { return Ok(None) };
        let place =
            place.map_err(|construct| unsupported(&format!("SET ROWCOUNT with {construct}")))?;
        let (start, end) = (statement.span.start, statement.span.end);
        let part = |from: usize, to: usize| source.get(from..to).unwrap_or_default();
        // So that errors have the lines of the batch.
        let above = "\n".repeat(statement.line.saturating_sub(1) as usize);
        let (before, after) = (part(start, place), part(place, end));
        let text = format!("{above}{before} TOP ({limit}) {after}");
        let mut statements = launchpod_tsql::parse(&text).map_err(SqlError::from)?.statements;
        Ok(statements.pop().map(|statement| (statement, text)))
    }
}

/// Whether a SELECT assigns to variables.
fn assigns(select: &Select) -> bool {
    select.items.iter().any(|item| matches!(item, SelectItem::Assign { .. }))
}

/// Where TOP stands in a statement that changes rows, or what it can't be put into; `None` for
/// any other statement.
fn place_of_top(statement: &Statement) -> Option<Result<usize, &'static str>> {
    // INSERT, UPDATE and DELETE have six letters.
    let verb = statement.span.start + 6;
    let (ctes, top) = match &statement.kind {
        StatementKind::Update(update) => (&update.ctes, &update.top),
        StatementKind::Delete(delete) => (&delete.ctes, &delete.top),
        StatementKind::Insert(insert) => match insert.source {
            InsertSource::Query(_) => (&insert.ctes, &insert.top),
            InsertSource::Values(ref rows) if rows.len() > 1 => {
                return Some(Err("several rows of VALUES"));
            }
            _ => return None,
        },
        StatementKind::Merge(_) => return Some(Err("MERGE")),
        StatementKind::Select(query) => {
            return match &query.body {
                QueryBody::Select(select) if select.into.is_none() && !assigns(select) => None,
                QueryBody::Select(select) if select.top.is_none() => Some(Ok(select.list.start)),
                QueryBody::Select(_) => Some(Err("TOP")),
                _ => None,
            };
        }
        _ => return None,
    };
    Some(match (ctes.is_empty(), top) {
        (true, None) => Ok(verb),
        (false, _) => Err("WITH"),
        (_, Some(_)) => Err("TOP"),
    })
}

/// Whether a statement has results of its own to describe, or others within it.
fn has_results(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Select(query) => !matches!(
            &query.body,
            QueryBody::Select(select) if select.into.is_some() || assigns(select)
        ),
        StatementKind::Block(_)
        | StatementKind::If { .. }
        | StatementKind::While { .. }
        | StatementKind::TryCatch { .. }
        | StatementKind::Execute(_)
        | StatementKind::ExecuteText(_)
        | StatementKind::SetOption(_)
        | StatementKind::Use(_) => true,
        _ => false,
    }
}
