//! The arguments of `sp_execute_external_script`, and the errors that SQL Server has for them.

use std::num::NonZeroU32;

use launchpod_controller::Expected;
use launchpod_tsql::ast::{ArgumentValue, ParameterDefinition, fold_name};
use launchpod_types::call_errors::{missing_argument, not_a_parameter, too_many_arguments};
use launchpod_types::{Parameter, SqlError, SqlType, Value};
use uuid::Uuid;

use super::partition::{self, Partition};
use crate::literal;
use crate::procedures::Argument;
use crate::run::{Run, Stop};
use crate::variables::declared_type;

const PROCEDURE: &str = "sp_execute_external_script";

/// The procedure's own parameters, in the order in which they can be given without names.
const OWN: [&str; 9] = [
    "@language",
    "@script",
    "@input_data_1",
    "@input_data_1_name",
    "@input_data_1_order_by_columns",
    "@input_data_1_partition_by_columns",
    "@output_data_1_name",
    "@parallel",
    "@params",
];

/// The parameter that asks for the rows in chunks; reserved by that name.
const ROWS_PER_READ: &str = "@r_rowsperread";

/// What a call asks for.
pub(super) struct ScriptArguments {
    pub language: String,
    pub script: String,
    /// The input query as given; may be blank.
    pub input: String,
    pub input_name: String,
    pub output_name: String,
    pub parallel: bool,
    /// How the input is parted by columns, if it is.
    pub partition: Option<Partition>,
    /// In the order of their declaration.
    pub parameters: Vec<ScriptParameter>,
}

/// A parameter that `@params` declares, with the argument given for it.
pub(super) struct ScriptParameter {
    /// As declared, with its `@`.
    pub name: String,
    pub sql_type: SqlType,
    /// Whether it is declared as OUTPUT.
    pub output: bool,
    pub argument: Argument,
    /// The argument's place in the call.
    pub place: usize,
}

/// The arguments by the names they are for, with their places.
struct Named {
    arguments: Vec<(String, usize, Argument)>,
}

// === impl Run ===

impl Run<'_> {
    /// Sorts out the arguments of a call.
    ///
    /// # Errors
    /// SQL Server's: 201, 8145, 39008, 39016, 39018, 39026, 39027, 39102 to 39109 and those of
    /// parsing `@params`.
    pub(super) async fn script_arguments(
        &mut self,
        arguments: Vec<Argument>,
        request: Uuid,
    ) -> Result<ScriptArguments, Stop> {
        let mut named = Named::new(arguments);
        let params = self.own_text(&mut named, "@params").await?.unwrap_or_default();
        let definitions = launchpod_tsql::parse_parameters(&params).map_err(SqlError::from)?;
        named.resolve(&definitions, request)?;

        let language = self.own_text(&mut named, "@language").await?;
        let script = self.own_text(&mut named, "@script").await?;
        let language = language.ok_or_else(|| missing_argument(PROCEDURE, "@language"))?;
        let script = script.ok_or_else(|| missing_argument(PROCEDURE, "@script"))?;
        let input = self.own_text(&mut named, "@input_data_1").await?.unwrap_or_default();
        let by = self.own_text(&mut named, "@input_data_1_partition_by_columns").await?;
        let order = self.own_text(&mut named, "@input_data_1_order_by_columns").await?;
        let partition = partition::read(by.as_deref(), order.as_deref())?;
        let input_name = self.own_text(&mut named, "@input_data_1_name").await?;
        let output_name = self.own_text(&mut named, "@output_data_1_name").await?;
        let parallel = match named.take("@parallel") {
            Some((_, argument)) => {
                self.convert(argument.value, argument.sql_type, SqlType::Bit).await?
                    == Value::Bit(true)
            }
            None => false,
        };
        let parameters = declared(&mut named, &definitions, &params, &language, request)?;
        named.nothing_left()?;
        Ok(ScriptArguments {
            language,
            script,
            input,
            input_name: input_name.unwrap_or_else(|| "InputDataSet".to_owned()),
            output_name: output_name.unwrap_or_else(|| "OutputDataSet".to_owned()),
            parallel,
            partition,
            parameters,
        })
    }

    /// One of the procedure's own parameters as text; `None` when absent or NULL.
    async fn own_text(&mut self, named: &mut Named, name: &str) -> Result<Option<String>, Stop> {
        match named.take(name) {
            Some((_, argument)) if !argument.value.is_null() => {
                Ok(Some(self.text_of(argument).await?))
            }
            _ => Ok(None),
        }
    }
}

// === impl ScriptArguments ===

impl ScriptArguments {
    /// `@parallel = 1` needs a declared result: each process would infer one of its own.
    pub(super) fn check_parallel(&self, expected: &Expected) -> Result<(), SqlError> {
        if self.parallel && *expected == Expected::Undefined {
            return Err(SqlError::new(
                39024,
                "Parallel execution of 'sp_execute_external_script' failed. Specify WITH RESULT SETS clause with output schema.",
            ));
        }
        Ok(())
    }
}

// === impl Named ===

impl Named {
    /// Arguments without a name are the procedure's own parameters in their order; those
    /// after them stay unnamed until `@params` is known.
    fn new(arguments: Vec<Argument>) -> Self {
        let name = |(place, argument): (usize, Argument)| {
            let name = match &argument.name {
                Some(name) => fold_name(name),
                None => OWN.get(place).map_or(String::new(), |own| (*own).to_owned()),
            };
            (name, place, argument)
        };
        Named { arguments: arguments.into_iter().enumerate().map(name).collect() }
    }

    /// Gives the unnamed arguments the names of the declared parameters in their order, and
    /// refuses what is given twice or declared under a name of the procedure's own.
    fn resolve(
        &mut self,
        definitions: &[ParameterDefinition],
        request: Uuid,
    ) -> Result<(), SqlError> {
        for definition in definitions {
            if OWN.contains(&fold_name(&definition.name).as_str()) {
                return Err(SqlError::new(
                    39008,
                    format!(
                        "Invlid Parameter name '{}' specified for Procedure. This clashes with internal parameters.",
                        definition.name
                    ),
                ));
            }
        }
        let chunked = definitions.iter().filter(|one| fold_name(&one.name) == ROWS_PER_READ);
        if chunked.count() > 1 {
            return Err(given_twice(ROWS_PER_READ, request));
        }
        for (name, place, _) in &mut self.arguments {
            if name.is_empty() {
                let definition = definitions
                    .get(*place - OWN.len())
                    .ok_or_else(|| too_many_arguments(PROCEDURE))?;
                *name = fold_name(&definition.name);
            }
        }
        for (at, (name, _, argument)) in self.arguments.iter().enumerate() {
            if self.arguments[..at].iter().any(|(earlier, _, _)| earlier == name) {
                return Err(given_twice(argument.name.as_deref().unwrap_or(name), request));
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str) -> Option<(usize, Argument)> {
        let at = self.arguments.iter().position(|(given, _, _)| given == name)?;
        let (_, place, argument) = self.arguments.swap_remove(at);
        Some((place, argument)).filter(|(_, argument)| !argument.is_default)
    }

    fn nothing_left(&self) -> Result<(), SqlError> {
        match self.arguments.first() {
            Some((name, _, argument)) => {
                let name = argument.name.as_deref().unwrap_or(name);
                Err(not_a_parameter(name, PROCEDURE))
            }
            None => Ok(()),
        }
    }
}

/// The parameters of `@params` with their arguments.
fn declared(
    named: &mut Named,
    definitions: &[ParameterDefinition],
    params: &str,
    language: &str,
    request: Uuid,
) -> Result<Vec<ScriptParameter>, SqlError> {
    let mut parameters = Vec::with_capacity(definitions.len());
    for definition in definitions {
        let name = fold_name(&definition.name);
        let sql_type = declared_type(&definition.type_name, params)
            .ok()
            .ok_or_else(|| unsupported_type(&definition.name, language, request))?;
        let (place, argument) = match (named.take(&name), &definition.default) {
            (Some(given), _) => given,
            (None, Some(ArgumentValue::Literal(constant))) => (usize::MAX, default_of(constant)),
            (None, _) => return Err(not_supplied(&definition.name)),
        };
        let (name, output) = (definition.name.clone(), definition.output);
        parameters.push(ScriptParameter { name, sql_type, output, argument, place });
    }
    Ok(parameters)
}

/// The argument that a declaration's default stands for.
fn default_of(constant: &launchpod_tsql::ast::Literal) -> Argument {
    let constant = literal::of(constant);
    Argument {
        name: None,
        sql_type: constant.sql_type,
        value: constant.value,
        output: false,
        is_default: false,
        table: None,
    }
}

/// The rows of a chunk, if `@r_rowsPerRead` asks for chunks.
///
/// # Errors
/// 39132 when it isn't a positive integer.
pub(super) fn rows_per_read(parameters: &[Parameter]) -> Result<Option<NonZeroU32>, SqlError> {
    let asked = |one: &&Parameter| fold_name(&format!("@{}", one.name)) == ROWS_PER_READ;
    let Some(parameter) = parameters.iter().find(asked) else { return Ok(None) };
    match parameter.value {
        // A chunk of more rows than that is the whole input.
        Value::Int(rows) if rows > 0 => Ok(NonZeroU32::new(rows.try_into().unwrap_or(u32::MAX))),
        _ => Err(SqlError::new(
            39132,
            "The parameter '@r_rowsPerRead' is invalid. Parameter '@r_rowsPerRead' must be a positive integer.",
        )),
    }
}

fn given_twice(name: &str, request: Uuid) -> SqlError {
    if fold_name(name) == ROWS_PER_READ {
        return SqlError::new(
            39026,
            format!(
                "The parameter name 'r_rowsPerRead' is specified multiple times in '{PROCEDURE}' call. The name 'r_rowsPerRead' is reserved for specifying streaming behavior only. External script request id is {request}."
            ),
        );
    }
    SqlError::new(
        39027,
        format!("Parameter '{name}' was specified multiple times to {PROCEDURE} stored procedure."),
    )
}

fn not_supplied(name: &str) -> SqlError {
    SqlError::new(
        39016,
        format!(
            "The parameterized external script expects the parameter '{name}', which was not supplied."
        ),
    )
}

fn unsupported_type(name: &str, language: &str, request: Uuid) -> SqlError {
    SqlError::new(
        39018,
        format!(
            "Parameter '{name}' uses a data type that is not supported by the runtime for '{language}' script. Unsupported types are timestamp, datetime2, datetimeoffset, time, text, ntext, image, hierarchyid, xml, sql_variant and user-defined type. External script request id is {request}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(name: Option<&str>) -> Argument {
        Argument {
            name: name.map(str::to_owned),
            sql_type: SqlType::Int,
            value: Value::Int(1),
            output: false,
            is_default: false,
            table: None,
        }
    }

    /// The arguments by name, or the number of the error.
    fn resolve(names: &[Option<&str>], params: &str) -> Result<Vec<String>, i32> {
        let mut named = Named::new(names.iter().map(|name| argument(*name)).collect());
        let definitions = launchpod_tsql::parse_parameters(params).unwrap();
        named.resolve(&definitions, Uuid::nil()).map_err(|error| error.number())?;
        Ok(named.arguments.into_iter().map(|(name, _, _)| name).collect())
    }

    #[test]
    fn arguments_without_names_are_the_procedures_own_in_their_order() {
        assert_eq!(resolve(&[None, None], "").unwrap(), ["@language", "@script"]);
        let mut eleven = vec![None; OWN.len() + 2];
        assert_eq!(resolve(&eleven, "@a int, @B int").unwrap()[OWN.len()..], ["@a", "@b"]);
        eleven.push(None);
        assert_eq!(resolve(&eleven, "@a int, @B int"), Err(8144));
    }

    #[test]
    fn names_are_matched_without_case_and_only_once() {
        assert_eq!(resolve(&[Some("@LANGUAGE")], "").unwrap(), ["@language"]);
        assert_eq!(resolve(&[Some("@a"), Some("@A")], "@a int"), Err(39027));
        assert_eq!(resolve(&[None, Some("@language")], ""), Err(39027));
        assert_eq!(resolve(&[Some("@r_rowsPerRead"), Some("@r_RowsPerRead")], ""), Err(39026));
        assert_eq!(resolve(&[], "@r_rowsPerRead int, @R_ROWSPERREAD int"), Err(39026));
    }

    #[test]
    fn a_declaration_cannot_take_a_name_of_the_procedure() {
        assert_eq!(resolve(&[], "@a int, @Script nvarchar(max)"), Err(39008));
    }

    #[test]
    fn each_declared_parameter_gets_its_argument() {
        let declare = |names: &[Option<&str>], params: &str| {
            let mut named = Named::new(names.iter().map(|name| argument(*name)).collect());
            let definitions = launchpod_tsql::parse_parameters(params).unwrap();
            let parameters = declared(&mut named, &definitions, params, "Python", Uuid::nil());
            let parameters = parameters.map_err(|error| error.number())?;
            named.nothing_left().map_err(|error| error.number())?;
            let place = |parameter: &ScriptParameter| (parameter.name.clone(), parameter.place);
            Ok(parameters.iter().map(place).collect::<Vec<_>>())
        };
        let both = declare(&[Some("@b"), Some("@A")], "@a int, @b nvarchar(5) OUTPUT").unwrap();
        assert_eq!(both, [("@a".to_owned(), 1), ("@b".to_owned(), 0)]);
        assert_eq!(declare(&[Some("@a")], "@a int = 5, @b int"), Err(39016));
        assert_eq!(declare(&[], "@a int = 5").unwrap().len(), 1);
        assert_eq!(declare(&[Some("@a"), Some("@c")], "@a int"), Err(8145));
        assert_eq!(declare(&[Some("@a")], "@a hierarchyid"), Err(39018));
        assert_eq!(declare(&[Some("@r_rowsPerRead")], "@r_rowsPerRead int").unwrap().len(), 1);
    }

    #[test]
    fn a_chunk_has_a_positive_number_of_rows() {
        let rows = |value: Value| {
            let (name, sql_type) = ("r_RowsPerRead".to_owned(), SqlType::Int);
            rows_per_read(&[Parameter { name, sql_type, value, output: false }])
                .map(|rows| rows.map(NonZeroU32::get))
                .map_err(|error| error.number())
        };
        assert_eq!(rows(Value::Int(5)), Ok(Some(5)));
        assert_eq!(rows(Value::Int(i64::MAX)), Ok(Some(u32::MAX)));
        for value in [Value::Int(0), Value::Int(-1), Value::Null, Value::from("5")] {
            assert_eq!(rows(value), Err(39132));
        }
        assert_eq!(rows_per_read(&[]), Ok(None));
    }
}
