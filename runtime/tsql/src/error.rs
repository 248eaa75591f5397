//! Why a text is not T-SQL.

use launchpod_types::SqlError;

/// The severity of syntax errors.
const SYNTAX_CLASS: u8 = 15;
/// The severity of errors in a type's definition.
const DEFINITION_CLASS: u8 = 16;
/// The severity of limits that are reached.
const LIMIT_CLASS: u8 = 17;

/// A text that can't be read, with the line of the offending token.
///
/// Numbers, texts and severities are those of SQL Server 2022 (`sys.messages`); the state is 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// The line in the batch, from 1.
    pub line: u32,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// 102: a token that can't stand where it does; the last one when the text ends too early.
    #[error("Incorrect syntax near '{near}'.")]
    Syntax {
        /// The token as written.
        near: String,
    },
    /// 156: a reserved word that can't stand where it does.
    #[error("Incorrect syntax near the keyword '{near}'.")]
    Keyword {
        /// The word as written.
        near: String,
    },
    /// 103: a name of more than 128 characters.
    #[error("The identifier that starts with '{start}' is too long. Maximum length is 128.")]
    IdentifierTooLong {
        /// Its first 128 characters.
        start: String,
    },
    /// 105: a quotation mark without its other one.
    #[error("Unclosed quotation mark after the character string '{start}'.")]
    UnclosedQuote {
        /// The beginning of the string.
        start: String,
    },
    /// 113: a `/*` without its `*/`.
    #[error("Missing end comment mark '*/'.")]
    UnclosedComment,
    /// 131: a length beyond what any type can have.
    #[error(
        "The size ({size}) given to the type '{name}' exceeds the maximum allowed for any data \
         type (8000)."
    )]
    SizeTooGreat {
        /// The length.
        size: String,
        /// The type.
        name: String,
    },
    /// 2717: a length beyond what the type can have.
    #[error(
        "The size ({size}) given to the type '{name}' exceeds the maximum allowed ({greatest})."
    )]
    SizeTooGreatForType {
        /// The length.
        size: String,
        /// The type.
        name: String,
        /// The greatest length it can have.
        greatest: u16,
    },
    /// 192: a scale beyond the precision.
    #[error("The scale must be less than or equal to the precision.")]
    ScaleBeyondPrecision,
    /// 111: a definition that is not alone in its batch.
    #[error("'{statement}' must be the first statement in a query batch.")]
    NotFirst {
        /// Its leading keywords.
        statement: String,
    },
    /// 119: a positional argument after a named one.
    #[error(
        "Must pass parameter number {position} and subsequent parameters as '@name = value'. \
         After the form '@name = value' has been used, all subsequent parameters must be passed \
         in the form '@name = value'."
    )]
    PositionalAfterNamed {
        /// The argument's position, from 1.
        position: usize,
    },
    /// 132: a label that is there twice.
    #[error(
        "The label '{label}' has already been declared. Label names must be unique within a \
         query batch or stored procedure."
    )]
    LabelTwice {
        /// The label.
        label: String,
    },
    /// 133: a GOTO without its label.
    #[error("A GOTO statement references the label '{label}' but the label has not been declared.")]
    NoLabel {
        /// The label.
        label: String,
    },
    /// 134: a parameter that is there twice.
    #[error(
        "The variable name '{name}' has already been declared. Variable names must be unique \
         within a query batch or stored procedure."
    )]
    VariableTwice {
        /// The parameter.
        name: String,
    },
    /// 135: BREAK outside a loop.
    #[error("Cannot use a BREAK statement outside the scope of a WHILE statement.")]
    BreakOutsideWhile,
    /// 136: CONTINUE outside a loop.
    #[error("Cannot use a CONTINUE statement outside the scope of a WHILE statement.")]
    ContinueOutsideWhile,
    /// 141: a SELECT that both assigns and returns.
    #[error(
        "A SELECT statement that assigns a value to a variable must not be combined with \
         data-retrieval operations."
    )]
    AssignAndReturn,
    /// 168: a float literal that is too great.
    #[error(
        "The floating point value '{literal}' is out of the range of computer representation \
         (8 bytes)."
    )]
    FloatRange {
        /// The literal.
        literal: String,
    },
    /// 179: OUTPUT after an argument that is not a variable.
    #[error("Cannot use the OUTPUT option when passing a constant to a stored procedure.")]
    OutputConstant,
    /// 191: too deep for any reader of the tree.
    #[error(
        "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up \
         into smaller queries."
    )]
    TooDeep,
    /// 1001: a length that is no length.
    #[error("Line {line}: Length or precision specification {length} is invalid.")]
    InvalidLength {
        /// What is written.
        length: String,
        /// The line, which is part of the text.
        line: u32,
    },
    /// 1002: a scale that is none.
    #[error("Line {line}: Specified scale {scale} is invalid.")]
    InvalidScale {
        /// What is written.
        scale: String,
        /// The line, which is part of the text.
        line: u32,
    },
    /// 1026: a GOTO whose label stands in a TRY or CATCH block that it is outside of.
    #[error("GOTO cannot be used to jump into a TRY or CATCH scope.")]
    GotoIntoTry,
    /// 1038: `[]` or `""` as a name.
    #[error(
        "An object or column name is missing or empty. For SELECT INTO statements, verify each \
         column has a name. For other statements, look for empty alias names. Aliases defined \
         as \"\" or [] are not allowed. Change the alias to a valid name."
    )]
    EmptyName,
    /// 2716: a length for a type that takes none.
    #[error(
        "Column, parameter, or variable #1: Cannot specify a column width on data type {name}."
    )]
    WidthNotAllowed {
        /// The type.
        name: String,
    },
    /// 4145: a value where a predicate must stand.
    #[error(
        "An expression of non-boolean type specified in a context where a condition is expected, \
         near '{near}'."
    )]
    NotCondition {
        /// The token after it.
        near: String,
    },
    /// 8632: more tokens than [`crate::MAX_TOKENS`].
    #[error(
        "Internal error: An expression services limit has been reached. Please look for \
         potentially complex expressions in your query, and try to simplify them."
    )]
    TooLong,
    /// 10713: a MERGE without its semicolon.
    #[error("A MERGE statement must be terminated by a semi-colon (;).")]
    MergeUnterminated,
    /// 11709
    #[error("The 'RESTART WITH' argument cannot be used in a CREATE SEQUENCE statement.")]
    SequenceRestartInCreate,
    /// 11710
    #[error("Argument 'START WITH' cannot be used in an ALTER SEQUENCE statement.")]
    SequenceStartInAlter,
    /// 11711
    #[error("Argument 'AS' cannot be used in an ALTER SEQUENCE statement.")]
    SequenceTypeInAlter,
    /// 11712: an option of a sequence that is there twice.
    #[error("Argument '{argument}' can not be specified more than once.")]
    SequenceArgumentTwice {
        /// The option.
        argument: &'static str,
    },
    /// 11715: an ALTER SEQUENCE that says nothing.
    #[error("No properties specified for ALTER SEQUENCE.")]
    SequenceUnchanged,
    /// 11716
    #[error("NEXT VALUE FOR function does not support the PARTITION BY clause.")]
    NextValuePartitioned,
    /// 11718
    #[error("NEXT VALUE FOR function does not support an empty OVER clause.")]
    NextValueUnordered,
    /// 11719: NEXT VALUE FOR in a function, which changes nothing.
    #[error(
        "NEXT VALUE FOR function is not allowed in check constraints, default objects, computed \
         columns, views, user-defined functions, user-defined aggregates, user-defined table \
         types, sub-queries, common table expressions, derived tables or return statements."
    )]
    NextValueInFunction,
    /// 11737
    #[error("NEXT VALUE FOR function does not support the ROWS and RANGE clauses.")]
    NextValueFramed,
    /// 1007: a number with more than 38 digits.
    #[error(
        "The number '{literal}' is out of the range for numeric representation (maximum \
         precision 38)."
    )]
    NumberRange {
        /// The literal.
        literal: String,
    },
}

// === impl ParseError ===

impl ParseError {
    /// SQL Server's number for the error.
    pub fn number(&self) -> i32 {
        match self.kind {
            ParseErrorKind::Syntax { .. } => 102,
            ParseErrorKind::IdentifierTooLong { .. } => 103,
            ParseErrorKind::UnclosedQuote { .. } => 105,
            ParseErrorKind::NotFirst { .. } => 111,
            ParseErrorKind::UnclosedComment => 113,
            ParseErrorKind::PositionalAfterNamed { .. } => 119,
            ParseErrorKind::SizeTooGreat { .. } => 131,
            ParseErrorKind::LabelTwice { .. } => 132,
            ParseErrorKind::NoLabel { .. } => 133,
            ParseErrorKind::VariableTwice { .. } => 134,
            ParseErrorKind::BreakOutsideWhile => 135,
            ParseErrorKind::ContinueOutsideWhile => 136,
            ParseErrorKind::AssignAndReturn => 141,
            ParseErrorKind::Keyword { .. } => 156,
            ParseErrorKind::FloatRange { .. } => 168,
            ParseErrorKind::OutputConstant => 179,
            ParseErrorKind::TooDeep => 191,
            ParseErrorKind::ScaleBeyondPrecision => 192,
            ParseErrorKind::InvalidLength { .. } => 1001,
            ParseErrorKind::InvalidScale { .. } => 1002,
            ParseErrorKind::NumberRange { .. } => 1007,
            ParseErrorKind::GotoIntoTry => 1026,
            ParseErrorKind::EmptyName => 1038,
            ParseErrorKind::WidthNotAllowed { .. } => 2716,
            ParseErrorKind::SizeTooGreatForType { .. } => 2717,
            ParseErrorKind::NotCondition { .. } => 4145,
            ParseErrorKind::TooLong => 8632,
            ParseErrorKind::MergeUnterminated => 10713,
            ParseErrorKind::SequenceRestartInCreate => 11709,
            ParseErrorKind::SequenceStartInAlter => 11710,
            ParseErrorKind::SequenceTypeInAlter => 11711,
            ParseErrorKind::SequenceArgumentTwice { .. } => 11712,
            ParseErrorKind::SequenceUnchanged => 11715,
            ParseErrorKind::NextValuePartitioned => 11716,
            ParseErrorKind::NextValueUnordered => 11718,
            ParseErrorKind::NextValueInFunction => 11719,
            ParseErrorKind::NextValueFramed => 11737,
        }
    }
}

impl From<ParseError> for SqlError {
    fn from(error: ParseError) -> Self {
        let class = match error.kind {
            ParseErrorKind::WidthNotAllowed { .. } => DEFINITION_CLASS,
            ParseErrorKind::TooLong => LIMIT_CLASS,
            _ => SYNTAX_CLASS,
        };
        SqlError::with_class(error.number(), class, error.kind.to_string()).or_line(error.line)
    }
}
