//! Messages that system procedures raise by their numbers, as `sys.messages` has them.

use launchpod_types::{Message, SqlError};

/// Number, severity and text; `%s` stands for an argument.
const MESSAGES: [(i32, u8, &str); 42] = [
    (15461, 0, "Object does not reference any object, and no objects reference it."),
    (
        15336,
        16,
        "Object '%s' cannot be renamed because the object participates in enforced dependencies.",
    ),
    (15070, 0, "Object '%s' was successfully marked for recompilation."),
    (15165, 16, "Could not find object '%s' or you do not have permission."),
    (
        15135,
        16,
        "Object is invalid. Extended properties are not permitted on '%s', or the object does not \
         exist.",
    ),
    (15217, 16, "Property cannot be updated or deleted. Property '%s' does not exist for '%s'."),
    (15223, 11, "Error: The input parameter '%s' is not allowed to be null."),
    (15233, 16, "Property cannot be added. Property '%s' already exists for '%s'."),
    (15033, 16, "'%s' is not a valid official language name."),
    (15040, 16, "User-defined error messages must have an ID greater than 50000."),
    (15041, 16, "User-defined error messages must have a severity level between 1 and 25."),
    (15043, 16, "You must specify 'REPLACE' to overwrite an existing message."),
    (
        15071,
        16,
        "Usage: sp_addmessage <msgnum>,<severity>,<msgtext> [,<language> [,FALSE | TRUE \
         [,REPLACE]]]",
    ),
    (15176, 16, "The only valid @parameter value is 'WITH_LOG'."),
    (15177, 16, "Usage: sp_dropmessage <msg number> [,<language> | 'ALL']"),
    (15178, 16, "Cannot drop a message with an ID less than 50,000."),
    (15179, 16, "The message number %s or specified language version does not exist."),
    (15247, 16, "User does not have permission to perform this action."),
    (15271, 16, "Invalid @with_log parameter value. Valid values are 'true' or 'false'."),
    (15277, 16, "The only valid @parameter_value values are 'true' or 'false'."),
    (15625, 0, "Option '%s' not recognized for '%s' parameter."),
    (
        15626,
        0,
        "You attempted to acquire a transactional application lock without an active transaction.",
    ),
    (15600, 15, "An invalid parameter or option was specified for procedure '%s'."),
    (11552, 16, "The @browse_information_mode parameter expects a tinyint with values 0, 1 or 2."),
    (15001, 16, "Object '%s' does not exist or is not a valid object for this operation."),
    (
        15009,
        16,
        "The object '%s' does not exist in database '%s' or is invalid for this operation.",
    ),
    (
        15010,
        16,
        "The database '%s' does not exist. Supply a valid database name. To see available \
         databases, use sys.databases.",
    ),
    (15014, 16, "The role '%s' does not exist in the current database."),
    (15197, 16, "There is no text for object '%s'."),
    (15198, 16, "The name supplied (%s) is not a user, role, or aliased login."),
    (
        15225,
        11,
        "No item by the name of '%s' could be found in the current database '%s', given that \
         @itemtype was input as '%s'.",
    ),
    (
        15248,
        11,
        "Either the parameter @objname is ambiguous or the claimed @objtype (%s) is wrong.",
    ),
    (15249, 11, "Error: Explicit @objtype '%s' is unrecognized."),
    (
        15250,
        16,
        "The database name component of the object qualifier must be the name of the current \
         database.",
    ),
    (15325, 16, "The current database does not contain a %s named '%s'."),
    (
        15335,
        11,
        "Error: The new name '%s' is already in use as a %s name and would cause a duplicate \
         that is not permitted.",
    ),
    (15409, 11, "'%s' is not a role."),
    (15410, 11, "User or role '%s' does not exist in this database."),
    (15469, 0, "No constraints are defined on object '%s', or you do not have permissions."),
    (
        15470,
        0,
        "No foreign keys reference table '%s', or you do not have permissions on referencing \
         tables.",
    ),
    (15472, 0, "The object '%s' does not have any indexes, or you do not have permissions."),
    (
        15477,
        0,
        "Caution: Changing any part of an object name could break scripts and stored procedures.",
    ),
];

/// The messages that other parts of the server raise, as `sys.messages` has them: number, severity
/// and text, in the order of the numbers.
const OTHERS: &str = include_str!("messages.tsv");

/// All messages that the server raises: number, severity and text.
pub(super) fn all() -> impl Iterator<Item = (i32, u8, String)> {
    let own = MESSAGES.iter().map(|(number, class, text)| {
        // What informs has severity 10; clients get 0.
        let class = if *class == 0 { 10 } else { *class };
        (*number, class, (*text).to_owned())
    });
    own.chain(OTHERS.lines().filter_map(other))
}

fn other(line: &str) -> Option<(i32, u8, String)> {
    let mut cells = line.splitn(3, '\t');
    let (number, class) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
    Some((number, class, cells.next()?.replace("\\n", "\n")))
}

/// A message with its arguments; one that isn't listed is an internal error.
pub(crate) fn message(number: i32, arguments: &[String]) -> Message {
    let Some((_, class, text)) = MESSAGES.iter().find(|(known, ..)| *known == number) else {
        return *crate::sqlite::errors::internal(format_args!("no message {number}")).0;
    };
    let mut pieces = text.split("%s");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for (index, piece) in pieces.enumerate() {
        filled.push_str(arguments.get(index).map_or("(null)", String::as_str));
        filled.push_str(piece);
    }
    match class {
        0 => Message::info(number, filled),
        class => *SqlError::with_class(number, *class, filled).0,
    }
}

/// A message that is an error.
pub(crate) fn raised(number: i32, arguments: &[&str]) -> SqlError {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    SqlError(Box::new(message(number, &arguments)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_listed_once() {
        let numbers: std::collections::BTreeSet<i32> = all().map(|(number, ..)| number).collect();
        assert_eq!(numbers.len(), all().count());
        assert_eq!(all().count(), MESSAGES.len() + OTHERS.lines().count());
        assert!(numbers.iter().all(|number| *number < 50_000));
    }

    /// The numbers that errors are made with in this crate's texts.
    #[test]
    fn each_number_that_is_raised_is_listed() {
        let numbers: std::collections::BTreeSet<i32> = all().map(|(number, ..)| number).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sqlite/errors");
        let mut raised = 0;
        for file in std::fs::read_dir(folder).expect("the folder of errors") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a text");
            for made in text.split("SqlError::").skip(1) {
                let Some((constructor, rest)) = made.split_once('(') else { continue };
                let digits: String =
                    rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
                if !matches!(constructor, "new" | "with_class") || digits.is_empty() {
                    continue;
                }
                raised += 1;
                let number: i32 = digits.parse().expect("a number");
                assert!(numbers.contains(&number), "sys.messages lacks {number}");
            }
        }
        assert!(raised > 200, "{raised} errors found");
    }

    #[test]
    fn arguments_take_their_places() {
        let raised = message(15009, &["t%s".to_owned(), "db".to_owned()]);
        assert_eq!((raised.number, raised.class), (15009, 16));
        assert_eq!(
            raised.text,
            "The object 't%s' does not exist in database 'db' or is invalid for this operation."
        );
        assert!(!message(15477, &[]).is_error());
        assert!(message(1, &[]).is_error());
    }
}
