//! `NEXT VALUE FOR` ("NEXT VALUE FOR (Transact-SQL)").
//!
//! A row gets one value of a sequence, however often it names it. So a mention isn't a call by
//! itself: mentions are numbered within the statement, and a row is new for a sequence when a
//! mention asks that has had its value of the row before. That needs every mention to be asked
//! once for each row, which is why none may stand in CASE and its kin.

use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{Expr, ObjectName, Query, QueryBody, Window};
use launchpod_types::SqlError;

use super::tree::{AggregateName, Bound, BoundAggregate, BoundWindow, Kind};
use super::{Aggregates, Binder, coerce};
use crate::sqlite::embedded::catalog::{DatabaseName, Table};
use crate::sqlite::embedded::environment::Environment;
use crate::sqlite::embedded::modules::Module;
use crate::sqlite::embedded::sequences::Sequence;
use crate::sqlite::errors;
use crate::sqlite::security::context::Chain;

/// What NEXT VALUE FOR does where an expression is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sequences {
    /// It can't stand there.
    Refused(fn() -> SqlError),
    /// It gives each row a value.
    Drawn(Over),
}

/// Whether NEXT VALUE FOR says in which order rows get their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Allowed,
    /// The rows are ordered, and values would have another order.
    Required,
    Refused,
}

/// The DEFAULT that is being bound.
#[derive(Debug)]
pub(super) enum Default {
    /// One that is being defined.
    New,
    /// One of a table in this database, whose owner is known.
    Of { database: DatabaseName, chain: Option<Chain> },
}

/// What a statement says of a sequence.
#[derive(Debug)]
pub(super) struct Mentioned {
    mentions: u32,
    window: Option<BoundWindow>,
}

// === impl Sequences ===

impl Sequences {
    /// The same for a part of the statement in which none may stand.
    pub(super) fn but(self, error: fn() -> SqlError) -> Self {
        match self {
            Sequences::Drawn(_) => Sequences::Refused(error),
            refused @ Sequences::Refused(_) => refused,
        }
    }

    /// Of the select list of a statement's own query, whose rows may get values.
    pub(super) fn of(query: &Query) -> Self {
        let refused = match &query.body {
            QueryBody::Nested(query) => return Sequences::of(query),
            QueryBody::SetOperation { .. } => Some(errors::next_value_in_set as fn() -> SqlError),
            QueryBody::Select(select) if select.distinct => Some(errors::next_value_in_set as _),
            QueryBody::Select(select) if select.top.is_some() || query.offset.is_some() => {
                Some(errors::next_value_limited as _)
            }
            QueryBody::Select(_) => None,
        };
        match refused {
            Some(error) => Sequences::Refused(error),
            None if query.order_by.is_empty() => Sequences::Drawn(Over::Allowed),
            None => Sequences::Drawn(Over::Required),
        }
    }
}

// === impl Binder ===

impl Binder<'_> {
    /// Runs `bind` with another rule for sequences.
    pub(super) fn with_sequences<T>(
        &mut self,
        rule: Sequences,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = std::mem::replace(&mut self.sequences, rule);
        let result = bind(self);
        self.sequences = before;
        result
    }

    /// The rule for the values of a statement that changes rows, and for DEFAULTs in it.
    pub(super) fn sequences_of_rows(&self, limited: fn() -> SqlError) -> Sequences {
        match self.limited {
            true => Sequences::Refused(limited),
            false => Sequences::Drawn(Over::Refused),
        }
    }

    pub(super) fn next_value(
        &mut self,
        name: &ObjectName,
        over: Option<&Window>,
    ) -> Result<Bound, SqlError> {
        match (self.sequences, over) {
            (Sequences::Refused(error), _) => return Err(error()),
            (Sequences::Drawn(Over::Required), None) => return Err(errors::next_value_unordered()),
            (Sequences::Drawn(Over::Refused), Some(_)) => return Err(errors::next_value_over()),
            _ => {}
        }
        let (module, sequence) = self.sequence(name)?;
        let window = match over {
            Some(window) => Some(self.sequence_window(window)?),
            None => None,
        };
        let state = &self.environment.session.sequences;
        let id = sequence.object_id;
        let (sql_type, mention) = (sequence.sql_type, self.mention(id, &window)?);
        if mention == 0 {
            state.begin(sequence, module.name);
        }
        let state = state.clone();
        let draw = move || state.draw(id, mention);
        let name = format!("next_value({id},{mention},{sql_type})");
        let function = |name: String, body: Body| Function {
            name,
            arguments: Vec::new(),
            strict: false,
            deterministic: false,
            body,
        };
        let Some(window) = window else {
            let body = Body::Values(Box::new(move |_| draw()));
            return Ok(coerce::call(function(name, body), Vec::new(), sql_type, false));
        };
        let aggregate = BoundAggregate {
            name: AggregateName::Own(
                function(format!("{name} over"), Body::Stepped(Box::new(draw))).into(),
            ),
            distinct: false,
            arguments: Vec::new(),
            star: false,
            within: Vec::new(),
            over: Some(window),
        };
        Ok(Bound { kind: Kind::Aggregate(Box::new(aggregate)), sql_type, nullable: false })
    }

    /// The sequence of a name, which the caller may use.
    fn sequence(&self, name: &ObjectName) -> Result<(Module, Sequence), SqlError> {
        let here = self.environment;
        let (environment, code) = match &self.default {
            None => (*here, "UP"),
            Some(Default::New) => (*here, "RF"),
            Some(Default::Of { database, chain }) => {
                (Environment { database, chain: *chain, ..*here }, "UP")
            }
        };
        let found = environment.sequence(name)?;
        environment.check_module(&found.0, code)?;
        Ok(found)
    }

    /// The value of a table's DEFAULT: what it names is in the table's database, and its owner's
    /// sequences need no permission.
    pub(crate) fn default_of(&mut self, table: &Table, value: &Expr) -> Result<Bound, SqlError> {
        let known = self.environment.catalog().database(&table.database)?;
        let database = known.unwrap_or_else(|| self.environment.database.clone());
        let chain = self.environment.chain_of_table(&database, table)?;
        let rule = self.sequences_of_rows(errors::next_value_default_limited);
        self.default = Some(Default::Of { database, chain });
        let bound = self.with_sequences(rule, |binder| binder.default_value(value));
        self.default = None;
        bound
    }

    /// The value of a DEFAULT that is being defined.
    pub(crate) fn new_default(&mut self, value: &Expr) -> Result<Bound, SqlError> {
        self.default = Some(Default::New);
        let rule = Sequences::Drawn(Over::Refused);
        let bound = self.with_sequences(rule, |binder| binder.default_value(value));
        self.default = None;
        bound
    }

    /// A window that comes to each row once, in its order.
    fn sequence_window(&mut self, window: &Window) -> Result<BoundWindow, SqlError> {
        let rule = self.sequences.but(errors::next_value_in_clause);
        let window = self.whole_window(window.clone())?;
        let bound = self.with_sequences(rule, |binder| {
            binder.with_aggregates(Aggregates::Windowed, |binder| binder.window(&window))
        })?;
        let frame = Some("ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".to_owned());
        Ok(BoundWindow { frame, ..bound })
    }

    /// The number of a mention of a sequence within its row, from 0.
    fn mention(&mut self, id: i64, window: &Option<BoundWindow>) -> Result<u32, SqlError> {
        let Some(known) = self.mentioned.get_mut(&id) else {
            self.mentioned.insert(id, Mentioned { mentions: 1, window: window.clone() });
            return Ok(0);
        };
        if known.window != *window {
            return Err(errors::next_value_windows());
        }
        known.mentions += 1;
        Ok(known.mentions - 1)
    }

    /// Binds the values of several rows, each of which names sequences for itself.
    pub(super) fn row_by_row_mentions<T>(
        &mut self,
        rows: &[T],
        mut bind: impl FnMut(&mut Self, &T) -> Result<Vec<Bound>, SqlError>,
    ) -> Result<Vec<Vec<Bound>>, SqlError> {
        let mut most = std::mem::take(&mut self.mentioned);
        let mut bound = Vec::with_capacity(rows.len());
        for row in rows {
            bound.push(bind(self, row)?);
            for (id, mentioned) in std::mem::take(&mut self.mentioned) {
                let known = most.entry(id).or_insert(Mentioned { mentions: 0, window: None });
                known.mentions = known.mentions.max(mentioned.mentions);
            }
        }
        self.mentioned = most;
        Ok(bound)
    }

    /// Refuses a SELECT that assigns variables and names a sequence twice.
    pub(super) fn check_assigned_sequences(&self) -> Result<(), SqlError> {
        match self.mentioned.values().any(|mentioned| mentioned.mentions > 1) {
            true => Err(errors::next_value_assigned_twice()),
            false => Ok(()),
        }
    }

    /// How many mentions of sequences there are, by the sequence.
    pub(super) fn mentions(&self) -> std::collections::BTreeMap<i64, u32> {
        self.mentioned.iter().map(|(id, mentioned)| (*id, mentioned.mentions)).collect()
    }
}
