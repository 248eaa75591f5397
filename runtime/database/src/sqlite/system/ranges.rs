//! `sp_sequence_get_range`: several values of a sequence at once.

use launchpod_types::{SqlError, SqlType, Value};

use crate::sqlite::embedded::thread::Worker;
use crate::sqlite::errors;
use crate::{Variable, Variables};

/// Takes the values, and says in the OUTPUT parameters which they are.
///
/// # Errors
/// 208 when there is no such sequence, 11733 for a count below 1, 11732 when there are not so many
/// values; then none is taken.
pub(super) fn take(worker: &Worker, variables: &mut Variables) -> Result<(), SqlError> {
    let value = |name: &str| variables.get(name).map(|variable| &variable.value);
    let Some(Value::Text(name)) = value("@sequence_name") else {
        return Err(errors::invalid_object("(null)"));
    };
    let count = match value("@range_size") {
        Some(Value::Int(count @ 1..)) => count.unsigned_abs(),
        _ => return Err(errors::not_positive("@range_size")),
    };
    let environment = worker.environment();
    let (module, sequence) = environment.sequence_by_text(name)?;
    environment.check_module(&module, "UP")?;
    let counters = environment.session.sequences.counters();
    let range = counters.range(sequence.counter, &sequence.rule, count)?;
    let range = range.ok_or_else(|| errors::sequence_range(&module.name))?;
    let rule = &sequence.rule;
    for (name, number) in [
        ("@range_first_value", range.first),
        ("@range_last_value", range.last),
        ("@sequence_increment", rule.increment),
        ("@sequence_min_value", rule.minimum),
        ("@sequence_max_value", rule.maximum),
    ] {
        let value = Variable { sql_type: sequence.sql_type, value: sequence.value(number) };
        variables.insert(name.to_owned(), value.into());
    }
    let cycles = i32::try_from(range.cycles).map_err(|_| errors::overflow(SqlType::Int))?;
    let cycles = Variable { sql_type: SqlType::Int, value: Value::Int(cycles.into()) };
    variables.insert("@range_cycle_count".to_owned(), cycles.into());
    Ok(())
}
