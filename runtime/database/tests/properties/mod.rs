//! Random expressions agree with an oracle that is written from the documented rules.
//!
//! Each case is computed twice: with its values as constants, and as variables. Its type, its value or
//! its error's number must be the oracle's. The cases are the same each time, unless
//! `PROPTEST_RNG_SEED` says otherwise; `PROPTEST_CASES` asks for more of them.

mod condition;
mod random;
mod tree;
mod types;
mod value;

use std::collections::BTreeMap;

use launchpod_types::SqlError;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use crate::support::{Output, Server, run_with};
use tree::{Expression, Writer};
use types::Type;
use value::{Value, shown};

/// Cases of each seed, unless the environment says otherwise.
const CASES: u32 = 1500;
/// Those that have found something are kept.
const SEEDS: [u64; 4] = [1, 2, 3, 36];

#[test]
fn expressions_agree_with_the_documented_rules() {
    let mut config =
        Config { failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    if config.rng_seed != RngSeed::Random {
        return agree(config);
    }
    for seed in SEEDS {
        agree(Config { rng_seed: RngSeed::Fixed(seed), ..config.clone() });
    }
}

fn agree(config: Config) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Server::new();
    let session = std::cell::RefCell::new(runtime.block_on(server.session()));
    let seed = config.rng_seed;
    let result = TestRunner::new(config).run(&random::expression(), |expression| {
        for variables in [None, Some(BTreeMap::new())] {
            let mut writer = Writer { variables, ..Writer::default() };
            expression.write(&mut writer);
            let sql = format!("SELECT {} AS x", writer.text);
            let variables = writer.variables.unwrap_or_default();
            let got = runtime.block_on(run_with(&mut **session.borrow_mut(), &sql, &variables));
            check(&expression, &got).map_err(|wrong| {
                TestCaseError::fail(format!("{sql}\n  {wrong}\n  {variables:?}"))
            })?;
        }
        Ok(())
    });
    match result {
        // The text says it all; the tree would take pages.
        Err(TestError::Fail(wrong, _)) => panic!("{seed:?}: {wrong}"),
        other => other.unwrap(),
    }
}

/// What is wrong with an answer.
fn check(expression: &Expression, got: &Result<Output, SqlError>) -> Result<(), String> {
    let (t, outcome) = (expression.sql_type(), expression.outcome());
    match got {
        Err(error) if outcome.errors.contains(&error.number()) => Ok(()),
        Err(error) => Err(format!("{} {}, not {outcome:?}", error.number(), error.0.text)),
        Ok(output) => {
            let column = &output.columns[0];
            if column.sql_type.to_string() != t.to_string() {
                return Err(format!("{}, not {t}", column.sql_type));
            }
            let [row] = &output.rows[..] else { return Err(format!("{} rows", output.rows.len())) };
            let Some(expected) = &outcome.value else {
                return Err(format!("{}, not an error of {:?}", row[0], outcome.errors));
            };
            if *expected == Value::Null && !column.nullable {
                return Err("NULL in a column without".to_owned());
            }
            if is(&row[0], expected, t) {
                Ok(())
            } else {
                Err(format!("{}, not {expected:?}", row[0]))
            }
        }
    }
}

/// Whether an answer shows the value.
fn is(got: &str, value: &Value, t: Type) -> bool {
    match value {
        Value::Null => got == "NULL",
        Value::Exact(number) => got == shown(number, t),
        Value::Float(number) => got.parse() == Ok(*number),
        Value::Text(text) => got == text,
    }
}
