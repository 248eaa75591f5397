//! Sequences ("CREATE SEQUENCE", "ALTER SEQUENCE").
//!
//! One has its name, number and owner among the modules, what it is in a table of its own, and how
//! far it has counted in a [counter](super::counters).

use launchpod_functions::convert::hex;
use launchpod_tsql::ast::{
    ObjectName, SequenceCache, SequenceDefinition, SequenceLimit, SequenceRestart,
};
use launchpod_types::{CatalogType, Decimal, Message, SqlError, SqlType, Value, Variant};
use rusqlite::{Row, params};
use serde_json::json;

use super::catalog::{Catalog, DatabaseName, failed};
use super::counters::Rule;
use super::environment::Environment;
use super::modules::{Module, ModuleKind};
use super::thread::{Job, Stop, Worker};
use crate::Event;
use crate::sqlite::bind::stored;
use crate::sqlite::{errors, system};

/// The sequences' table.
pub(super) const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS main."launchpod.sequences" (
    object_id INTEGER PRIMARY KEY, counter INT NOT NULL, system_type_id INT NOT NULL,
    max_length INT NOT NULL, precision INT NOT NULL, start TEXT NOT NULL, increment TEXT NOT NULL,
    minimum TEXT NOT NULL, maximum TEXT NOT NULL, is_cycling INT NOT NULL, is_cached INT NOT NULL,
    cache_size INT) STRICT;
"#;

const COLUMNS: &str = "object_id, counter, system_type_id, max_length, precision, start, increment,
    minimum, maximum, is_cycling, is_cached, cache_size";

/// How many values are taken at once when CACHE says no number.
const DEFAULT_CACHE: u64 = 50;

/// What a sequence is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sequence {
    pub(crate) object_id: i64,
    /// The number of its counter.
    pub(crate) counter: i64,
    pub(crate) sql_type: SqlType,
    pub(crate) rule: Rule,
    cached: bool,
    /// The size that CACHE says.
    cache_size: Option<u64>,
}

// === impl Sequence ===

impl Sequence {
    fn new(sql_type: SqlType) -> Self {
        let (minimum, maximum) = limits(sql_type);
        let rule =
            Rule { start: 0, increment: 1, minimum, maximum, cycles: false, ahead: DEFAULT_CACHE };
        Sequence { object_id: 0, counter: 0, sql_type, rule, cached: true, cache_size: None }
    }

    /// A number as a value of its type.
    pub(crate) fn value(&self, number: i128) -> Value {
        match self.sql_type {
            SqlType::Decimal { .. } => Value::Decimal(Decimal::new(number, 0)),
            // It lies between the type's limits.
            _ => Value::Int(number as i64),
        }
    }

    /// The number that a statement says for an option.
    ///
    /// # Errors
    /// 11708 when it is no value of the sequence's type.
    fn number(&self, argument: &str, given: Decimal) -> Result<i128, SqlError> {
        let (minimum, maximum) = limits(self.sql_type);
        let whole = given.rescale(0).filter(|whole| whole.rescale(given.scale) == Some(given));
        // A step may go down through a type without negative numbers.
        let least = if argument == "INCREMENT BY" { minimum.min(-maximum) } else { minimum };
        whole
            .map(|whole| whole.unscaled)
            .filter(|number| (least..=maximum).contains(number))
            .ok_or_else(|| errors::invalid_sequence_argument(argument))
    }

    /// Takes what a statement says; the name is for errors.
    fn set(&mut self, definition: &SequenceDefinition, name: &str) -> Result<(), SqlError> {
        let (least, most) = limits(self.sql_type);
        let limit = |given: SequenceLimit, argument: &str, of_type: i128| match given {
            SequenceLimit::OfType => Ok(of_type),
            SequenceLimit::Value(value) => self.number(argument, value),
        };
        let mut rule = self.rule;
        if let Some(increment) = definition.increment {
            rule.increment = self.number("INCREMENT BY", increment)?;
        }
        if let Some(minimum) = definition.minimum {
            rule.minimum = limit(minimum, "MINVALUE", least)?;
        }
        if let Some(maximum) = definition.maximum {
            rule.maximum = limit(maximum, "MAXVALUE", most)?;
        }
        if !definition.alter {
            rule.start = if rule.increment < 0 { rule.maximum } else { rule.minimum };
        }
        if let Some(start) = definition.start {
            rule.start = self.number("START WITH", start)?;
        }
        if let Some(SequenceRestart::With(start)) = definition.restart {
            rule.start = self.number("RESTART WITH", start)?;
        }
        rule.cycles = definition.cycle.unwrap_or(rule.cycles);
        if let Some(cache) = definition.cache {
            (self.cached, self.cache_size) = match cache {
                SequenceCache::None => (false, None),
                SequenceCache::Default => (true, None),
                SequenceCache::Size(size) => (true, Some(cache_size(size, name)?)),
            };
        }
        rule.ahead = if self.cached { self.cache_size.unwrap_or(DEFAULT_CACHE) } else { 1 };
        check(&rule, name)?;
        self.rule = rule;
        Ok(())
    }

    /// Whether there are fewer values than its cache is to hold.
    fn is_small(&self) -> bool {
        let Rule { minimum, maximum, increment, .. } = self.rule;
        let values = maximum.abs_diff(minimum) / increment.unsigned_abs() + 1;
        self.cache_size.is_some_and(|size| u128::from(size) > values)
    }

    /// A number as `sql_variant`, in the digits of its bytes.
    fn variant(&self, number: i128) -> String {
        hex(&Variant { sql_type: self.sql_type, value: self.value(number) }.to_bytes())
    }
}

/// The least and the greatest value of a type that a sequence may have.
fn limits(sql_type: SqlType) -> (i128, i128) {
    match sql_type {
        SqlType::TinyInt => (u8::MIN.into(), u8::MAX.into()),
        SqlType::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        SqlType::Int => (i32::MIN.into(), i32::MAX.into()),
        SqlType::Decimal { precision, .. } => {
            // The greatest precision is 38, and 10^38 is an i128.
            let most = 10_i128.pow(precision.into()) - 1;
            (-most, most)
        }
        _ => (i64::MIN.into(), i64::MAX.into()),
    }
}

fn cache_size(given: Decimal, name: &str) -> Result<u64, SqlError> {
    match i32::try_from(given.unscaled) {
        Ok(size @ 1..) if given.scale == 0 => Ok(size.unsigned_abs().into()),
        Ok(..=0) => Err(errors::sequence_cache_size(name)),
        _ => Err(errors::invalid_sequence_argument("CACHE")),
    }
}

fn check(rule: &Rule, name: &str) -> Result<(), SqlError> {
    if rule.increment == 0 {
        return Err(errors::sequence_increment_zero(name));
    }
    if rule.minimum >= rule.maximum {
        return Err(errors::sequence_limits(name));
    }
    if !(rule.minimum..=rule.maximum).contains(&rule.start) {
        return Err(errors::sequence_start(name));
    }
    if rule.increment.unsigned_abs() > rule.maximum.abs_diff(rule.minimum) {
        return Err(errors::sequence_increment_too_great(name));
    }
    Ok(())
}

// === impl Catalog ===

impl Catalog<'_> {
    /// The sequence of a number; `None` when the object is another.
    pub(crate) fn sequence(&self, object_id: i64) -> Result<Option<Sequence>, SqlError> {
        let sql =
            format!(r#"SELECT {COLUMNS} FROM main."launchpod.sequences" WHERE object_id = ?1"#);
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query([object_id]).map_err(failed)?;
        rows.next().map_err(failed)?.map(sequence).transpose()
    }

    /// The sequences of a database.
    fn sequences(&self, database: i64) -> Result<Vec<Sequence>, SqlError> {
        let sql = format!(
            r#"SELECT {COLUMNS} FROM main."launchpod.sequences" JOIN (SELECT object_id
               FROM main."launchpod.modules" WHERE database_id = ?1) USING (object_id)"#
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query([database]).map_err(failed)?;
        let mut sequences = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            sequences.push(sequence(row)?);
        }
        Ok(sequences)
    }

    /// The counters that sequences have.
    pub(crate) fn counters(&self) -> Result<Vec<i64>, SqlError> {
        let sql = r#"SELECT counter FROM main."launchpod.sequences""#;
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    fn set_sequence(&self, sequence: &Sequence) -> Result<(), SqlError> {
        let CatalogType { id, length, precision, .. } = sequence.sql_type.into();
        let rule = &sequence.rule;
        self.connection
            .execute(
                r#"INSERT OR REPLACE INTO main."launchpod.sequences"
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"#,
                params![
                    sequence.object_id,
                    sequence.counter,
                    id,
                    length,
                    precision,
                    rule.start.to_string(),
                    rule.increment.to_string(),
                    rule.minimum.to_string(),
                    rule.maximum.to_string(),
                    rule.cycles,
                    sequence.cached,
                    sequence.cache_size.map(u64::cast_signed)
                ],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// The name of a DEFAULT constraint that takes its values from a sequence.
    pub(super) fn default_from(&self, sequence: &Module) -> Result<Option<String>, SqlError> {
        let sql = r#"SELECT k.name, k.definition FROM main."launchpod.constraints" k
                     JOIN main."launchpod.objects" o USING (object_id)
                     WHERE o.database_id = ?1 AND k.type = 'D'"#;
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([sequence.database.id]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let (name, text): (String, String) =
                (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
            let is_it = |(name, _): &(ObjectName, _)| {
                let schema = name.schema.as_ref();
                name.name.is(&sequence.name) && schema.is_some_and(|s| s.is(&sequence.schema))
            };
            if stored::sequences(&text)?.iter().any(is_it) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

fn sequence(row: &Row<'_>) -> Result<Sequence, SqlError> {
    let number = |index: usize| {
        let text: String = row.get(index).map_err(failed)?;
        text.parse::<i128>().map_err(errors::internal)
    };
    let integer = |index: usize| row.get::<_, i64>(index).map_err(failed);
    let (id, length, precision) = (integer(2)?, integer(3)?, integer(4)?);
    let sql_type = CatalogType { id, length, precision, scale: 0 }
        .sql_type()
        .ok_or_else(|| errors::internal("a sequence has an unknown type"))?;
    let cached = integer(10)? != 0;
    let cache_size = row.get::<_, Option<i64>>(11).map_err(failed)?.map(i64::cast_unsigned);
    Ok(Sequence {
        object_id: integer(0)?,
        counter: integer(1)?,
        sql_type,
        rule: Rule {
            start: number(5)?,
            increment: number(6)?,
            minimum: number(7)?,
            maximum: number(8)?,
            cycles: integer(9)? != 0,
            ahead: if cached { cache_size.unwrap_or(DEFAULT_CACHE) } else { 1 },
        },
        cached,
        cache_size,
    })
}

// === impl Environment ===

impl Environment<'_> {
    /// A sequence by its name, and what it is called.
    ///
    /// # Errors
    /// 208 when there is no such object, 11726 when it is another.
    pub(crate) fn sequence(&self, name: &ObjectName) -> Result<(Module, Sequence), SqlError> {
        let invalid = || errors::invalid_object(&name.to_string()).or_line(name.line);
        match self.module(name)? {
            Some(module) => self.sequence_of(module, &name.to_string()),
            None if self.table(name).is_ok() => Err(errors::no_sequence(&name.to_string())),
            None => Err(invalid()),
        }
    }

    /// A sequence by a name in a text; as [`Environment::sequence`].
    pub(crate) fn sequence_by_text(&self, text: &str) -> Result<(Module, Sequence), SqlError> {
        let name = self.catalog().text_name(text, self.database)?;
        if let Some(database) = &name.database {
            for schema in self.text_schemas(&name)? {
                if let Some(module) = self.catalog().module(database, &schema, &name.name)? {
                    return self.sequence_of(module, text);
                }
            }
        }
        Err(errors::invalid_object(text))
    }

    fn sequence_of(&self, module: Module, name: &str) -> Result<(Module, Sequence), SqlError> {
        match self.catalog().sequence(module.object_id)? {
            Some(sequence) => Ok((module, sequence)),
            None => Err(errors::no_sequence(name)),
        }
    }
}

// === impl Worker ===

impl Worker {
    /// CREATE SEQUENCE and ALTER SEQUENCE.
    pub(crate) fn define_sequence(
        &self,
        job: &Job,
        definition: &SequenceDefinition,
    ) -> Result<(), Stop> {
        let small = match definition.alter {
            true => self.alter_sequence(definition)?,
            false => self.create_sequence(definition)?,
        };
        if small {
            let text = errors::sequence_cache_beyond(&definition.name.to_string());
            self.send(job, Event::Message(Message { class: 10, ..Message::info(11729, text) }))?;
        }
        Ok(())
    }

    fn create_sequence(&self, definition: &SequenceDefinition) -> Result<bool, SqlError> {
        let environment = self.environment();
        let (database, schema) = self.place_of_new(&definition.name, "CREATE SEQUENCE")?;
        let context = environment.context()?;
        if !context.may_object("CRSO", context.schema(context.schema_id(&schema))) {
            return Err(errors::unknown_schema(&schema));
        }
        let catalog = environment.catalog();
        let name = &definition.name.name.text;
        if catalog.is_taken(&database, &schema, name)? {
            return Err(errors::exists_already(name));
        }
        let shown = definition.name.to_string();
        let mut sequence = Sequence::new(type_of(&environment, definition, &shown)?);
        sequence.set(definition, &shown)?;
        sequence.object_id = catalog.add_module(&Module {
            object_id: 0,
            database,
            schema,
            name: name.clone(),
            kind: ModuleKind::Sequence,
            definition: String::new(),
        })?;
        sequence.counter = self.session.sequences.counters().create(None)?;
        catalog.set_sequence(&sequence)?;
        Ok(sequence.is_small())
    }

    fn alter_sequence(&self, definition: &SequenceDefinition) -> Result<bool, SqlError> {
        let environment = self.environment();
        let shown = definition.name.to_string();
        if definition.name.database.is_some() {
            return Err(errors::database_prefix("ALTER SEQUENCE"));
        }
        let (module, mut sequence) = environment.sequence(&definition.name)?;
        if !environment.may_object(&module.database, module.object_id, &module.schema, "AL")? {
            return Err(errors::invalid_object(&shown));
        }
        let counters = self.session.sequences.counters();
        sequence.set(definition, &shown)?;
        if definition.restart.is_some() {
            // Who rolls back goes on where the other one is.
            sequence.counter = counters.create(None)?;
        }
        let rule = &sequence.rule;
        if let Some(last) = counters.last(sequence.counter)?
            && !(rule.minimum..=rule.maximum).contains(&last)
        {
            return Err(errors::sequence_current(last, &shown));
        }
        environment.catalog().set_sequence(&sequence)?;
        environment.catalog().touch_module(module.object_id)?;
        Ok(sequence.is_small())
    }

    /// The place where a new object is to be: its database and schema.
    pub(super) fn place_of_new(
        &self,
        name: &ObjectName,
        statement: &str,
    ) -> Result<(DatabaseName, String), SqlError> {
        if name.database.is_some() {
            return Err(errors::database_prefix(statement));
        }
        let environment = self.environment();
        let database = environment.database_of(name)?;
        let asked = match &name.schema {
            Some(schema) => schema.text.clone(),
            None => environment.default_schema()?,
        };
        let schema = environment.catalog().schema(&database, &asked)?;
        Ok((database, schema.ok_or_else(|| errors::unknown_schema(&asked))?))
    }
}

fn type_of(
    environment: &Environment<'_>,
    definition: &SequenceDefinition,
    shown: &str,
) -> Result<SqlType, SqlError> {
    let Some(type_name) = &definition.type_name else { return Ok(SqlType::BigInt) };
    let sql_type = environment.declared_type(type_name, 1)?;
    match sql_type {
        SqlType::Decimal { scale: 0, .. } => Ok(sql_type),
        _ if sql_type.is_integer() => Ok(sql_type),
        _ => Err(errors::sequence_type(shown)),
    }
}

/// The rows of `catalog.sequences`.
pub(crate) fn listed(environment: &Environment<'_>) -> Result<String, SqlError> {
    let counters = environment.session.sequences.counters();
    let mut rows = Vec::new();
    for sequence in environment.catalog().sequences(environment.database.id)? {
        let CatalogType { id, precision, .. } = sequence.sql_type.into();
        let (rule, last) = (&sequence.rule, counters.last(sequence.counter)?);
        rows.push(json!([
            sequence.object_id,
            sequence.variant(rule.start),
            sequence.variant(rule.increment),
            sequence.variant(rule.minimum),
            sequence.variant(rule.maximum),
            u8::from(rule.cycles),
            u8::from(sequence.cached),
            sequence.cache_size,
            id,
            precision,
            sequence.variant(last.unwrap_or(rule.start)),
            u8::from(rule.is_exhausted(last)),
            last.map(|last| sequence.variant(last)),
        ]));
    }
    system::listing::array(&rows)
}

/// The names of sequences in a DEFAULT's text made whole: what they mean doesn't depend on who
/// inserts a row.
///
/// # Errors
/// 11730 for one with a database, and those of [`Environment::sequence`].
pub(super) fn qualified(environment: &Environment<'_>, text: String) -> Result<String, SqlError> {
    let mut whole = String::with_capacity(text.len());
    let mut from = 0;
    for (name, place) in stored::sequences(&text)? {
        if name.database.is_some() {
            return Err(errors::sequence_of_database());
        }
        let (module, _) = environment.sequence(&name)?;
        let quoted = |name: &str| format!("[{}]", name.replace(']', "]]"));
        whole.push_str(text.get(from..place.start).unwrap_or_default());
        whole.push_str(&format!("{}.{}", quoted(&module.schema), quoted(&module.name)));
        from = place.end;
    }
    whole.push_str(text.get(from..).unwrap_or_default());
    Ok(whole)
}
