//! `RAND`: the numbers that SQL Server gives for the same seeds.
//!
//! The examples of "RAND (Transact-SQL)" are, digit for digit, those of L'Ecuyer's combined
//! generator ("Efficient and Portable Combined Random Number Generators", CACM 31(6), 1988) as its
//! Figure 3 has it: the seed is the first generator's state, 67890 the second's.

use std::cell::Cell;

use launchpod_types::{SqlError, SqlType, Value};

use super::{Actual, Signature};
use crate::errors;

/// Modulus and multiplier of the two generators.
const FIRST: (i64, i64) = (2_147_483_563, 40_014);
const SECOND: (i64, i64) = (2_147_483_399, 40_692);
/// The state of the second generator after a seed.
const SECOND_STATE: i64 = 67_890;
/// The first generator's state for the seed 0, which it would not leave.
const FIRST_STATE: i64 = 12_345;
/// What makes a number from 1 to 2147483562 one between 0 and 1: the paper's figure, not the exact
/// quotient.
const UNIT: f64 = 4.656613E-10;

thread_local! {
    /// A session has a thread of its own, and its numbers go on from one statement to the next.
    static CURRENT: Cell<Option<Generator>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Generator {
    first: i64,
    second: i64,
}

// === impl Generator ===

impl Generator {
    fn seeded(seed: i64) -> Self {
        // A seed of either sign is the same.
        let first = match seed.abs() % FIRST.0 {
            0 => FIRST_STATE,
            state => state,
        };
        Generator { first, second: SECOND_STATE }
    }

    /// One that begins anywhere.
    ///
    /// # Errors
    /// An internal error when the operating system has no random bytes.
    fn anywhere() -> Result<Self, SqlError> {
        let bits = getrandom::u64().map_err(errors::internal)?;
        let within = |bits: u64, (modulus, _): (i64, i64)| (bits >> 1) as i64 % (modulus - 1) + 1;
        Ok(Generator { first: within(bits, FIRST), second: within(bits.rotate_left(32), SECOND) })
    }

    fn next(self) -> (f64, Self) {
        let first = self.first * FIRST.1 % FIRST.0;
        let second = self.second * SECOND.1 % SECOND.0;
        let number = match first - second {
            number @ ..=0 => number + FIRST.0 - 1,
            number => number,
        };
        (number as f64 * UNIT, Generator { first, second })
    }
}

/// The session's next number.
///
/// # Errors
/// An internal error when the operating system has no random bytes to begin with.
pub fn next() -> Result<f64, SqlError> {
    let generator = match CURRENT.get() {
        Some(generator) => generator,
        None => Generator::anywhere()?,
    };
    let (number, generator) = generator.next();
    CURRENT.set(Some(generator));
    Ok(number)
}

/// The first number after a seed; those of the session go on from it.
pub fn seeded(seed: i64) -> f64 {
    let (number, generator) = Generator::seeded(seed).next();
    CURRENT.set(Some(generator));
    number
}

/// A session begins anew.
pub fn reset() {
    CURRENT.set(None);
}

/// `RAND(seed)` of a seed that each row has of its own.
pub(super) fn of_seed(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![SqlType::Int], SqlType::Float, |v| match v[0] {
        Value::Int(seed) => Ok(Value::Float(seeded(seed))),
        _ => Ok(Value::Null),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentations_example_comes_out() {
        // "RAND (Transact-SQL)": SELECT RAND(100), RAND(), RAND()
        let shown: Vec<String> = [seeded(100), next().unwrap(), next().unwrap()]
            .iter()
            .map(|number| format!("{number:.13}"))
            .collect();
        assert_eq!(shown, ["0.7154366573675", "0.2846338076798", "0.0131039082850"]);
    }

    #[test]
    fn seeds_of_either_sign_and_zero_give_numbers() {
        assert_eq!(seeded(5), seeded(-5));
        for seed in [0, i64::from(i32::MIN), i64::from(i32::MAX)] {
            assert!((0.0..1.0).contains(&seeded(seed)), "{seed}");
        }
    }

    #[test]
    fn a_session_without_a_seed_begins_anywhere() {
        reset();
        let first = next().unwrap();
        reset();
        assert_ne!(first, next().unwrap());
    }
}
