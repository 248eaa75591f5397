//! A statement of the interpreter as the request that runs it at the server.
//!
//! The text goes as it was written. Variables become typed parameters of `sp_executesql`; what
//! lives only within a batch is put in by token, never by a search in the text: the temporary
//! table of a table variable, and the values that `@@ROWCOUNT`, `@@ERROR`, `SCOPE_IDENTITY()` and
//! `ERROR_…()` had in the session's own order of statements. A statement whose effect ends with
//! `sp_executesql` (a temporary table, SET, USE, transactions) goes as a plain batch.

use std::collections::BTreeSet;
use std::sync::Arc;

use launchpod_database::{Execute, Variable, Variables};
use launchpod_tds::client::request::Passing;
use launchpod_tds::rpc::Procedure;
use launchpod_tds::types::{Collation, Length as WireLength, TypeInfo, Value as WireValue};
use launchpod_tsql::ast::{
    ArgumentValue, Declaration, Execute as Call, Identifier, ObjectName, ProcedureName, QueryBody,
    Statement, StatementKind, fold_name,
};
use launchpod_tsql::{Token, TokenKind, tokenize};
use launchpod_types::{Decimal, SqlError, SqlType, Value};
use launchpod_wire::types::{to_wire, type_info};

use crate::literal;

/// The parameter that brings the new SCOPE_IDENTITY() back.
pub(crate) const NEW_IDENTITY: &str = "@launchpod_new_identity";
/// The parameter that brings back what a call returns that is made within a text.
pub(crate) const RETURNED: &str = "@launchpod_returned";
/// What the name of the variable begins with that says which table type a variable has.
pub(crate) const TABLE_TYPE: &str = "@@table_type ";
/// What the names of our own parameters begin with.
const OWN: &str = "@launchpod_";
/// The type of SCOPE_IDENTITY() ("SCOPE_IDENTITY (Transact-SQL)").
const IDENTITY_TYPE: SqlType = SqlType::Decimal { precision: 38, scale: 0 };

/// Global variables that the interpreter counts by itself: each statement is a batch of its own
/// at the server.
const OWN_GLOBALS: [&str; 6] =
    ["@@rowcount", "@@error", "@@fetch_status", "@@cursor_rows", "@@nestlevel", "@@procid"];

/// Functions whose value is the interpreter's, and under which name it hands them over.
const OWN_FUNCTIONS: [(&str, &str); 8] = [
    ("ERROR_NUMBER", "@@error_number"),
    ("ERROR_SEVERITY", "@@error_severity"),
    ("ERROR_STATE", "@@error_state"),
    ("ERROR_LINE", "@@error_line"),
    ("ERROR_MESSAGE", "@@error_message"),
    ("ERROR_PROCEDURE", "@@error_procedure"),
    ("ROWCOUNT_BIG", "@@rowcount"),
    ("XACT_STATE", "@@xact_state"),
];

/// What is sent to the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// A plain batch.
    Batch(String),
    /// A call.
    Call { procedure: Procedure, arguments: Vec<Argument> },
    /// Nothing: the statement is the interpreter's alone.
    Nothing,
}

/// An argument of a call.
#[derive(Debug, PartialEq)]
pub(crate) struct Argument {
    pub name: String,
    pub passing: Passing,
    pub type_info: TypeInfo,
    pub value: WireValue,
}

/// A text with what was put in, and the parameters that it uses now.
struct Rewritten {
    text: String,
    parameters: Variables,
}

// === impl Request ===

impl Request {
    /// Whether it is an INSERT that tells the new SCOPE_IDENTITY().
    pub fn brings_identity(&self) -> bool {
        self.last_argument().is_some_and(|argument| argument.name == NEW_IDENTITY)
    }

    /// Which of the values that come back is what a call within a text returns; from 0.
    pub fn place_of_returned(&self) -> Option<usize> {
        self.last_argument().filter(|argument| argument.name == RETURNED)?;
        let Request::Call { arguments, .. } = self else { return None };
        let come_back = arguments.iter().filter(|argument| argument.passing == Passing::Output);
        come_back.count().checked_sub(1)
    }

    fn last_argument(&self) -> Option<&Argument> {
        match self {
            Request::Call { arguments, .. } => arguments.last(),
            _ => None,
        }
    }
}

/// The request for a statement; `identity` is what SCOPE_IDENTITY() returns.
///
/// # Errors
/// When a value can't be sent, or the text is no T-SQL.
pub(crate) fn request(execute: &Execute, identity: Option<i128>) -> Result<Request, SqlError> {
    let kind = &execute.statement.kind;
    match kind {
        StatementKind::Execute(call) => return self::call(call, &execute.variables),
        StatementKind::TryCatch { body, .. } => return guarded(execute, body),
        // The interpreter counts rows and tells of them; the server must go on counting.
        StatementKind::SetOption(set) if set.names.iter().all(|name| name == "NOCOUNT") => {
            return Ok(Request::Nothing);
        }
        StatementKind::Declare(declarations) => return tables(execute, declarations),
        _ => {}
    }
    let Rewritten { mut text, parameters } = rewrite(execute, identity)?;
    match kind {
        StatementKind::Select(query) if !execute.describe => {
            text.push_str(&answer(&query.assigned().unwrap_or_default()));
        }
        StatementKind::Update(update) => {
            if update.sets_variables() && !update.outputs.is_empty() {
                return Err(with_output());
            }
            text.push_str(&answer(&update.assigned()));
        }
        // The one statement that needs its end, which is no part of it.
        StatementKind::Merge(_) => text.push(';'),
        _ => {}
    }
    if execute.describe {
        text = format!("SET FMTONLY ON; {text}");
    }
    if is_of_session(kind) {
        let prelude = prelude(&parameters)?;
        return Ok(Request::Batch(format!("{prelude}{text}")));
    }
    let inserts = matches!(kind, StatementKind::Insert(_)) && !execute.describe;
    if parameters.is_empty() && !inserts {
        let end = if execute.describe { "\nSET FMTONLY OFF" } else { "" };
        return Ok(Request::Batch(format!("{text}{end}")));
    }
    execute_sql(text, &parameters, inserts)
}

/// What follows a statement that assigns to variables, for the interpreter to learn of it: how many
/// rows there were, and what the variables are then.
fn answer(assigned: &[&str]) -> String {
    match assigned {
        [] => String::new(),
        variables => format!("\nSELECT @@ROWCOUNT, {}", variables.join(", ")),
    }
}

fn with_output() -> SqlError {
    SqlError::new(
        40517,
        "UPDATE … SET @variable = … with OUTPUT is not supported beside an external script.",
    )
}

/// The text of a part of a statement with what is the interpreter's put in, as a plain batch.
///
/// # Errors
/// As [`request`].
pub(crate) fn batch_text(execute: &Execute, identity: Option<i128>) -> Result<String, SqlError> {
    let Rewritten { text, parameters } = rewrite(execute, identity)?;
    Ok(prelude(&parameters)? + &text)
}

/// Whether a statement's effect would end with `sp_executesql`, or its transaction's count would
/// be found wrong there (266).
fn is_of_session(kind: &StatementKind) -> bool {
    match kind {
        StatementKind::Use(_)
        | StatementKind::SetOption(_)
        | StatementKind::Transaction(_)
        | StatementKind::Security(_)
        | StatementKind::CreateProcedure(_)
        | StatementKind::CreateFunction(_)
        | StatementKind::CreateView(_) => true,
        StatementKind::CreateTable(create) => is_temporary(&create.name),
        StatementKind::Select(query) => match &query.body {
            QueryBody::Select(select) => select.into.as_ref().is_some_and(is_temporary),
            _ => false,
        },
        _ => false,
    }
}

fn is_temporary(name: &ObjectName) -> bool {
    name.is_temporary() || name.is_global_temporary()
}

/// DECLARE in front of a batch, on its first line, so that lines stay as they are.
fn prelude(parameters: &Variables) -> Result<String, SqlError> {
    if parameters.is_empty() {
        return Ok(String::new());
    }
    let declarations: Option<Vec<String>> =
        parameters.iter().map(|(name, variable)| literal::declaration(name, variable)).collect();
    let declarations = declarations.ok_or_else(|| unsendable("a variable"))?;
    Ok(format!("DECLARE {}; ", declarations.join(", ")))
}

/// The call of `sp_executesql` of a text, whose parameters are declared so and have these values: by
/// its name, since Babelfish takes `nvarchar` parameters for `varchar` when the call has the procedure's
/// number.
pub(crate) fn call_execute_sql(
    text: String,
    declarations: &[String],
    values: Vec<Argument>,
) -> Request {
    let mut arguments = vec![unicode(text), unicode(declarations.join(", "))];
    arguments.extend(values);
    Request::Call { procedure: Procedure::Named("sp_executesql".to_owned()), arguments }
}

/// `sp_executesql` of a text with its parameters.
fn execute_sql(
    mut text: String,
    parameters: &Variables,
    inserts: bool,
) -> Result<Request, SqlError> {
    let mut declarations: Vec<String> = parameters
        .iter()
        .map(|(name, variable)| format!("{name} {}", literal::declared(variable.sql_type)))
        .collect();
    let mut values = Vec::with_capacity(parameters.len() + 1);
    for (name, variable) in parameters {
        values.push(argument(name, variable)?);
    }
    if inserts {
        text.push_str(&format!("\nSET {NEW_IDENTITY} = SCOPE_IDENTITY()"));
        declarations.push(format!("{NEW_IDENTITY} {IDENTITY_TYPE} OUTPUT"));
        let type_info = type_info(IDENTITY_TYPE);
        let (name, value) = (NEW_IDENTITY.to_owned(), WireValue::Null);
        values.push(Argument { name, passing: Passing::Output, type_info, value });
    }
    Ok(call_execute_sql(text, &declarations, values))
}

fn unicode(text: String) -> Argument {
    let type_info = TypeInfo::NVarChar { length: WireLength::Max, collation: Collation::default() };
    Argument { name: String::new(), passing: Passing::In, type_info, value: WireValue::Text(text) }
}

pub(crate) fn argument(name: &str, variable: &Variable) -> Result<Argument, SqlError> {
    let sql_type = literal::declared(variable.sql_type);
    let value = to_wire(&variable.value, sql_type).ok_or_else(|| unsendable(name))?;
    let type_info = match (&value, sql_type) {
        // In a code page that we needn't know, the server converts.
        (WireValue::Text(text), SqlType::Char(_) | SqlType::VarChar(_)) if !text.is_ascii() => {
            type_info(SqlType::NVARCHAR_MAX)
        }
        (_, SqlType::Xml) => type_info(SqlType::NVARCHAR_MAX),
        _ => type_info(sql_type),
    };
    Ok(Argument { name: name.to_owned(), passing: Passing::In, type_info, value })
}

pub(crate) fn unsendable(name: &str) -> SqlError {
    SqlError::new(8114, format!("The value of {name} can't be sent to the server."))
}

/// A call that the server runs by itself, as an RPC of its name: its arguments are constants'
/// and variables' values.
fn call(call: &Call, variables: &Variables) -> Result<Request, SqlError> {
    let ProcedureName::Name(name) = &call.procedure else {
        return Err(unsendable("the procedure's name"));
    };
    let mut arguments = Vec::with_capacity(call.arguments.len());
    for given in &call.arguments {
        let name = given.name.clone().unwrap_or_default();
        let mut argument = match &given.value {
            ArgumentValue::Variable(variable) => {
                let found = variables.get(&fold_name(variable));
                argument(variable, found.ok_or_else(|| unsendable(variable))?)?
            }
            _ => Argument {
                name: String::new(),
                passing: Passing::Default,
                type_info: type_info(SqlType::Int),
                value: WireValue::Null,
            },
        };
        argument.name = name;
        if given.output {
            argument.passing = Passing::Output;
        }
        arguments.push(argument);
    }
    Ok(Request::Call { procedure: Procedure::Named(quoted(name)), arguments })
}

/// A call within a TRY that hands its error on, as a text: a procedure that is called by itself goes
/// on after an error.
fn guarded(execute: &Execute, body: &[Statement]) -> Result<Request, SqlError> {
    let [Statement { kind: StatementKind::Execute(call), .. }] = body else {
        return Err(unsendable("a TRY"));
    };
    let given = call.arguments.iter().filter_map(|given| match &given.value {
        ArgumentValue::Variable(variable) => Some((variable, given.output)),
        _ => None,
    });
    let returned = call.return_variable.iter().map(|variable| (variable, true));
    let mut declarations = Vec::new();
    let mut values = Vec::new();
    for (name, output) in given.chain(returned) {
        let variable = execute.variables.get(&fold_name(name)).ok_or_else(|| unsendable(name))?;
        let mut value = argument(name, variable)?;
        let mut declaration = format!("{name} {}", literal::declared(variable.sql_type));
        if output {
            value.passing = Passing::Output;
            declaration.push_str(" OUTPUT");
        }
        declarations.push(declaration);
        values.push(value);
    }
    Ok(call_execute_sql(execute.source.to_string(), &declarations, values))
}

/// A name as T-SQL that reads the same whatever it holds.
pub(crate) fn quoted(name: &ObjectName) -> String {
    let parts =
        [name.server.as_ref(), name.database.as_ref(), name.schema.as_ref(), Some(&name.name)];
    let quote =
        |part: Option<&Identifier>| part.map_or(String::new(), |part| bracketed(&part.text));
    let parts: Vec<String> = parts.into_iter().skip_while(Option::is_none).map(quote).collect();
    parts.join(".")
}

/// A name in brackets.
pub(crate) fn bracketed(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// The tables of the table variables that a DECLARE declares.
fn tables(execute: &Execute, declarations: &[Declaration]) -> Result<Request, SqlError> {
    let source = &*execute.source;
    let tokens = tokens(source)?;
    let mut texts = Vec::new();
    for declaration in declarations {
        let Declaration::Table { name, .. } = declaration else { continue };
        let Some(table) = table_of(&execute.variables, name) else { continue };
        let declared = tokens.iter().position(|token| {
            token.kind == TokenKind::Variable && fold_name(word(source, token)) == fold_name(name)
        });
        let definition = declared.and_then(|at| parenthesised(source, &tokens[at..]));
        let definition = definition.ok_or_else(|| unsendable(name))?;
        texts.push(format!("CREATE TABLE {} {definition}", bracketed(table)));
    }
    Ok(if texts.is_empty() { Request::Nothing } else { Request::Batch(texts.join("\n")) })
}

/// The first text in parentheses among tokens, with them.
fn parenthesised<'s>(source: &'s str, tokens: &[Token]) -> Option<&'s str> {
    let first = tokens.iter().position(|token| word(source, token) == "(")?;
    let mut depth = 0_usize;
    for token in &tokens[first..] {
        match word(source, token) {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return source.get(tokens[first].start..token.end);
        }
    }
    None
}

/// The temporary table that a table variable stands for. Its name has the variable's in it, unless
/// that is a parameter of a table type, so that no text of a user's is taken for one.
pub(crate) fn table_of<'v>(variables: &'v Variables, name: &str) -> Option<&'v str> {
    let folded = fold_name(name);
    let variable: &Arc<Variable> = variables.get(&folded)?;
    let Value::Text(table) = &variable.value else { return None };
    let (shown, number) = table.strip_prefix('#')?.rsplit_once(' ')?;
    let is_named = folded.starts_with(&fold_name(shown))
        || variables.contains_key(&format!("{TABLE_TYPE}{folded}"));
    let is_own = variable.sql_type == SqlType::SYSNAME
        && shown.starts_with('@')
        && is_named
        && number.bytes().all(|byte| byte.is_ascii_digit());
    is_own.then_some(table)
}

pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, SqlError> {
    tokenize(source).ok_or_else(|| SqlError::new(191, "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries."))
}

pub(crate) fn word<'s>(source: &'s str, token: &Token) -> &'s str {
    source.get(token.start..token.end).unwrap_or_default()
}

/// A statement's text with what is the interpreter's put in.
fn rewrite(execute: &Execute, identity: Option<i128>) -> Result<Rewritten, SqlError> {
    let source = &*execute.source;
    let tokens = tokens(source)?;
    let mut text = String::with_capacity(source.len());
    let mut used = BTreeSet::new();
    let mut parameters = Variables::new();
    let mut copied = 0;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let replaced = match token.kind {
            TokenKind::Variable => {
                let name = fold_name(word(source, token));
                match table_of(&execute.variables, &name) {
                    Some(table) => Some((bracketed(table), 1)),
                    None => {
                        used.insert(name);
                        None
                    }
                }
            }
            TokenKind::GlobalVariable => {
                let name = fold_name(word(source, token));
                let is_own = OWN_GLOBALS.contains(&name.as_str())
                    || (name == "@@trancount" && is_doomed(&execute.variables));
                let value = execute.variables.get(&name).filter(|_| is_own);
                value.map(|value| (own(&mut parameters, &name, Arc::clone(value)), 1))
            }
            TokenKind::Word { .. } if is_call(source, &tokens, index) => {
                own_function(execute, identity, word(source, token))
                    .map(|(name, value)| (own(&mut parameters, name, value), 3))
            }
            _ => None,
        };
        let Some((replacement, length)) = replaced else {
            index += 1;
            continue;
        };
        text.push_str(&source[copied..token.start]);
        text.push_str(&replacement);
        index += length;
        copied = tokens[index - 1].end;
    }
    text.push_str(&source[copied..]);
    for name in used {
        if let Some(variable) = execute.variables.get(&name) {
            parameters.insert(name, Arc::clone(variable));
        }
    }
    Ok(Rewritten { text, parameters })
}

/// Whether the interpreter holds a transaction for open that the server has rolled back.
fn is_doomed(variables: &Variables) -> bool {
    variables.get("@@xact_state").is_some_and(|state| state.value == Value::Int(-1))
}

/// Whether a word is called without arguments, and no part of a longer name.
fn is_call(source: &str, tokens: &[Token], index: usize) -> bool {
    let at = |index: usize| tokens.get(index).map_or("", |token| word(source, token));
    let is_part = index.checked_sub(1).is_some_and(|before| at(before) == ".");
    !is_part && at(index + 1) == "(" && at(index + 2) == ")"
}

fn own_function<'n>(
    execute: &Execute,
    identity: Option<i128>,
    name: &str,
) -> Option<(&'n str, Arc<Variable>)> {
    if name.eq_ignore_ascii_case("SCOPE_IDENTITY") {
        let value = identity.map_or(Value::Null, |number| Value::Decimal(Decimal::new(number, 0)));
        let variable = Variable { sql_type: IDENTITY_TYPE, value };
        return Some(("@@scope_identity", variable.into()));
    }
    let (_, own) = OWN_FUNCTIONS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    // Outside of a CATCH there is none, and the server's own function gives NULL.
    Some((own, Arc::clone(execute.variables.get(*own)?)))
}

/// Whether a name is that of a parameter of our own.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with(OWN)
}

/// Makes a parameter of what is the interpreter's, and returns its name.
fn own(parameters: &mut Variables, name: &str, value: Arc<Variable>) -> String {
    let name = format!("{OWN}{}", name.trim_start_matches('@'));
    parameters.insert(name.clone(), value);
    name
}

#[cfg(test)]
mod tests {
    use launchpod_types::Length;

    use super::*;

    fn execute(source: &str, variables: &[(&str, SqlType, Value)]) -> Execute {
        let mut batch = launchpod_tsql::parse(source).unwrap();
        let variable = |(name, sql_type, value): &(&str, SqlType, Value)| {
            let variable = Variable { sql_type: *sql_type, value: value.clone() };
            ((*name).to_owned(), Arc::new(variable))
        };
        Execute {
            statement: Arc::new(batch.statements.remove(0)),
            source: source.into(),
            variables: Arc::new(variables.iter().map(variable).collect()),
            describe: false,
        }
    }

    /// Text and declarations of a call of sp_executesql.
    fn executed(source: &str, variables: &[(&str, SqlType, Value)]) -> (String, String) {
        match request(&execute(source, variables), Some(7)).unwrap() {
            Request::Call { procedure, arguments } => {
                // Not by its number: Babelfish loses letters then.
                assert_eq!(procedure, Procedure::Named("sp_executesql".to_owned()));
                let text = |index: usize| match &arguments[index].value {
                    WireValue::Text(text) => text.clone(),
                    other => panic!("{other:?}"),
                };
                (text(0), text(1))
            }
            other => panic!("{other:?}"),
        }
    }

    fn batch(source: &str, variables: &[(&str, SqlType, Value)]) -> String {
        match request(&execute(source, variables), None).unwrap() {
            Request::Batch(text) => text,
            other => panic!("{other:?}"),
        }
    }

    const INT: SqlType = SqlType::Int;

    #[test]
    fn variables_become_parameters() {
        let a = ("@a", INT, Value::Int(5));
        let unused = ("@b", INT, Value::Int(6));
        let (text, declared) = executed("SELECT @A, '@b', [@b] -- @b", &[a.clone(), unused]);
        assert_eq!((text.as_str(), declared.as_str()), ("SELECT @A, '@b', [@b] -- @b", "@a int"));
        assert_eq!(batch("SELECT 1", &[a]), "SELECT 1");
    }

    #[test]
    fn what_is_the_interpreters_is_put_in_by_token() {
        let variables = [
            ("@@rowcount", INT, Value::Int(3)),
            ("@@error", INT, Value::Int(0)),
            ("@@error_message", SqlType::NVARCHAR_MAX, Value::from("no")),
        ];
        let source = "SELECT @@ROWCOUNT, '@@ROWCOUNT', @@TRANCOUNT, scope_identity ( ), ERROR_MESSAGE(), ERROR_LINE(), dbo.ERROR_MESSAGE()";
        let (text, declared) = executed(source, &variables);
        assert_eq!(
            text,
            "SELECT @launchpod_rowcount, '@@ROWCOUNT', @@TRANCOUNT, @launchpod_scope_identity, @launchpod_error_message, ERROR_LINE(), dbo.ERROR_MESSAGE()"
        );
        assert_eq!(
            declared,
            "@launchpod_error_message nvarchar(max), @launchpod_rowcount int, @launchpod_scope_identity decimal(38,0)"
        );
    }

    #[test]
    fn table_variables_are_temporary_tables() {
        let table = ("@t", SqlType::SYSNAME, Value::from("#@t 3"));
        let text = ("@u", SqlType::SYSNAME, Value::from("#@t 3"));
        assert_eq!(
            batch("SELECT x FROM @T AS a WHERE '@t' = ''", std::slice::from_ref(&table)),
            "SELECT x FROM [#@t 3] AS a WHERE '@t' = ''"
        );
        assert_eq!(
            batch("DECLARE @n int, @t TABLE (a int CHECK (a > (1)), b int)", &[table]),
            "CREATE TABLE [#@t 3] (a int CHECK (a > (1)), b int)"
        );
        // A user's text is no table, whatever it holds.
        let (text, _) = executed("SELECT @u", std::slice::from_ref(&text));
        assert_eq!(text, "SELECT @u");
        let parameter = [
            ("@u", SqlType::SYSNAME, Value::from("#@t 3")),
            ("@@table_type @u", SqlType::SYSNAME, Value::from("[dbo].[T]")),
        ];
        assert_eq!(batch("SELECT x FROM @u", &parameter), "SELECT x FROM [#@t 3]");
    }

    #[test]
    fn a_select_that_assigns_tells_what_it_has_assigned() {
        let variables = [
            ("@a", INT, Value::Int(5)),
            ("@B", INT, Value::Null),
            ("@@rowcount", INT, Value::Int(9)),
        ];
        let source = "SELECT @a += x, @b = @@ROWCOUNT FROM t -- all";
        let (text, declared) = executed(source, &variables);
        assert_eq!(
            text,
            "SELECT @a += x, @b = @launchpod_rowcount FROM t -- all\nSELECT @@ROWCOUNT, @a, @b"
        );
        assert!(declared.starts_with("@a int"), "{declared}");
    }

    #[test]
    fn an_update_that_assigns_tells_what_it_has_assigned() {
        let a = ("@a", INT, Value::Int(5));
        let source = "UPDATE t SET @a = x = x + 1, y = 2, @A += 1";
        let (text, declared) = executed(source, std::slice::from_ref(&a));
        assert_eq!(
            (text, declared.as_str()),
            (format!("{source}\nSELECT @@ROWCOUNT, @a"), "@a int")
        );
        let output = execute("UPDATE t SET @a = x = 1 OUTPUT deleted.x", &[a]);
        assert_eq!(request(&output, None).unwrap_err().number(), 40517);
    }

    #[test]
    fn a_call_within_a_try_hands_its_error_on() {
        let source = "BEGIN TRY EXEC @launchpod_returned = p @x, @n = @y OUTPUT END TRY BEGIN CATCH THROW END CATCH";
        let variables = [
            ("@x", INT, Value::Int(1)),
            ("@y", SqlType::NVarChar(Length::Limited(9)), Value::from("ü")),
            (RETURNED, INT, Value::Null),
        ];
        let (text, declared) = executed(source, &variables);
        assert_eq!(text, source);
        assert_eq!(declared, "@x int, @y nvarchar(9) OUTPUT, @launchpod_returned int OUTPUT");
        let request = request(&execute(source, &variables), None).unwrap();
        assert_eq!((request.place_of_returned(), request.brings_identity()), (Some(1), false));
    }

    #[test]
    fn statements_of_the_session_are_batches() {
        let a = ("@a", INT, Value::Int(5));
        assert_eq!(
            batch("SELECT @a AS a INTO #t", std::slice::from_ref(&a)),
            "DECLARE @a int = 5; SELECT @a AS a INTO #t"
        );
        assert_eq!(batch("CREATE TABLE #t (a int)", &[]), "CREATE TABLE #t (a int)");
        assert_eq!(batch("SET XACT_ABORT ON", &[]), "SET XACT_ABORT ON");
        assert_eq!(batch("BEGIN TRANSACTION", &[]), "BEGIN TRANSACTION");
        let nothing = request(&execute("SET NOCOUNT ON", &[]), None).unwrap();
        assert_eq!(nothing, Request::Nothing);
    }

    #[test]
    fn an_insert_brings_its_identity_back() {
        let (text, declared) = executed("INSERT INTO t VALUES (1)", &[]);
        assert_eq!(
            text,
            "INSERT INTO t VALUES (1)\nSET @launchpod_new_identity = SCOPE_IDENTITY()"
        );
        assert_eq!(declared, "@launchpod_new_identity decimal(38,0) OUTPUT");
    }

    #[test]
    fn a_call_is_made_by_name() {
        let source = "EXEC [d b]..p @x, @n = @y OUTPUT, @z = DEFAULT";
        let variables =
            [("@x", INT, Value::Int(1)), ("@y", SqlType::VARCHAR_MAX, Value::from("ü"))];
        let Request::Call { procedure, arguments } =
            request(&execute(source, &variables), None).unwrap()
        else {
            panic!("no call")
        };
        assert_eq!(procedure, Procedure::Named("[d b]..[p]".to_owned()));
        let passed: Vec<_> = arguments.iter().map(|a| (a.name.as_str(), a.passing)).collect();
        assert_eq!(passed, [("", Passing::In), ("@n", Passing::Output), ("@z", Passing::Default)]);
        // Text outside of ASCII goes as Unicode, whatever code page the server has.
        assert_eq!(arguments[1].type_info.name(), "nvarchar");
    }
}
