//! The parameters that a procedure itself has, apart from the values that it hands on.

use launchpod_tsql::ast::fold_name;

use super::Argument;

/// An argument with its place in the call, by which a value goes back to it.
pub(crate) type Placed = (usize, Argument);

/// Takes a procedure's own parameters out of a call's arguments; what is left are values for
/// what the procedure runs.
///
/// Each parameter is given by its names. An argument without a name is taken by its place, and
/// so is one whose name is none of the procedure's: SQL Server heeds the order alone there.
pub(crate) fn take<const N: usize>(
    arguments: Vec<Argument>,
    parameters: [&[&str]; N],
) -> ([Option<Placed>; N], Vec<Placed>) {
    let mut left: Vec<Placed> = arguments.into_iter().enumerate().collect();
    let taken = std::array::from_fn(|place| {
        let at = position(&left, &parameters, place)?;
        Some(left.remove(at))
    });
    (taken, left)
}

fn position(left: &[Placed], parameters: &[&[&str]], place: usize) -> Option<usize> {
    let is_named = |argument: &Argument, names: &[&str]| {
        argument.name.as_deref().is_some_and(|name| names.contains(&fold_name(name).as_str()))
    };
    let in_place = left.iter().position(|(at, _)| *at == place);
    in_place
        .filter(|at| left[*at].1.name.is_none())
        .or_else(|| left.iter().position(|(_, argument)| is_named(argument, parameters[place])))
        .or_else(|| {
            in_place.filter(|at| !parameters.iter().any(|names| is_named(&left[*at].1, names)))
        })
}

#[cfg(test)]
mod tests {
    use launchpod_types::{SqlType, Value};

    use super::*;

    const PARAMETERS: [&[&str]; 2] = [&["@stmt", "@statement"], &["@params"]];

    fn places(names: &[&str]) -> ([Option<usize>; 2], Vec<usize>) {
        let argument = |name: &&str| Argument {
            name: Some((*name).to_owned()).filter(|name| !name.is_empty()),
            sql_type: SqlType::Int,
            value: Value::Null,
            output: false,
            is_default: false,
            table: None,
        };
        let (taken, left) = take(names.iter().map(argument).collect(), PARAMETERS);
        let place = |(place, _): Placed| place;
        (taken.map(|taken| taken.map(place)), left.into_iter().map(place).collect())
    }

    #[test]
    fn what_is_named_is_taken_by_name() {
        assert_eq!(places(&["@params", "@STMT", "@a"]), ([Some(1), Some(0)], vec![2]));
        assert_eq!(places(&["@a", "@params", "@statement"]), ([Some(2), Some(1)], vec![0]));
    }

    #[test]
    fn what_is_not_named_is_taken_by_order() {
        assert_eq!(places(&["", "", "@params", "@stmt"]), ([Some(0), Some(1)], vec![2, 3]));
        assert_eq!(places(&["@x", "@y", "@a"]), ([Some(0), Some(1)], vec![2]));
    }

    #[test]
    fn a_parameter_that_is_not_there_is_none() {
        assert_eq!(places(&["@params"]), ([None, Some(0)], vec![]));
        assert_eq!(places(&[]), ([None, None], vec![]));
    }
}
