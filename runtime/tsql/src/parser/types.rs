//! Types.

use launchpod_types::{Length, MAX_PRECISION, SqlType};

use super::{Failure, Parser, Result};
use crate::ast::{Identifier, ObjectName, TypeKind, TypeName};
use crate::error::{ParseError, ParseErrorKind};
use crate::lexer::TokenKind;

/// The greatest length of `char` and `binary`, in bytes.
const MAX_BYTES: u16 = 8000;
/// The greatest length of `nchar`, in UTF-16 code units.
const MAX_UNITS: u16 = 4000;
/// The greatest and the default scale of `time` and its kin.
const MAX_TIME_SCALE: u8 = 7;
/// The precision of `decimal` when none is written.
const DEFAULT_PRECISION: u8 = 18;
/// The precision of `float` up to which it is `real`.
const REAL_BITS: u8 = 24;
/// The greatest precision of `float`.
const FLOAT_BITS: u8 = 53;

/// The numbers of types in `sys.types` that have another name too.
const NUMERIC: i64 = 108;
const ROW_VERSION: i64 = 189;

/// What stands between a type's parentheses.
#[derive(Clone, Copy)]
enum Arguments<'a> {
    None,
    Max,
    One(&'a str),
    Two(&'a str, &'a str),
}

// === impl Parser ===

impl<'a> Parser<'a> {
    pub(super) fn type_name(&mut self) -> Result<TypeName> {
        let token = self.token();
        let name = self.type_base()?;
        let arguments = self.type_arguments()?;
        let built_in =
            name.database.is_none() && name.schema.as_ref().is_none_or(|schema| schema.is("sys"));
        let kind = if built_in && name.name.is("sysname") {
            TypeKind::SysName
        } else if built_in {
            match self.built_in(&name.name.text.to_ascii_lowercase(), arguments)? {
                Some((sql_type, length_given)) => {
                    let other = match name.name.fold().as_str() {
                        "numeric" => Some(NUMERIC),
                        "rowversion" | "timestamp" => Some(ROW_VERSION),
                        _ => None,
                    };
                    TypeKind::BuiltIn { sql_type, length_given, other }
                }
                None => TypeKind::Named(Box::new(name)),
            }
        } else {
            TypeKind::Named(Box::new(name))
        };
        Ok(TypeName { kind, span: self.span_from(token.start), line: token.line })
    }

    /// Reads a type's name, those of several words as their one-word synonym.
    fn type_base(&mut self) -> Result<ObjectName> {
        let token = self.token();
        let synonym = if self.accept_word("NATIONAL") {
            if self.accept_word("TEXT") {
                "ntext"
            } else if !self.accept_any_word(&["CHARACTER", "CHAR"]) {
                return self.unexpected();
            } else if self.accept_word("VARYING") {
                "nvarchar"
            } else {
                "nchar"
            }
        } else if self.accept_word("DOUBLE") {
            self.expect_word("PRECISION")?;
            "float"
        } else if self.accept_words(&["CHAR", "VARYING"])
            || self.accept_words(&["CHARACTER", "VARYING"])
        {
            "varchar"
        } else if self.accept_words(&["NCHAR", "VARYING"]) {
            "nvarchar"
        } else if self.accept_words(&["BINARY", "VARYING"]) {
            "varbinary"
        } else if self.at_word("CURSOR") {
            return Err(Failure::Unread("CURSOR"));
        } else {
            return self.object_name();
        };
        Ok(ObjectName {
            server: None,
            database: None,
            schema: None,
            name: Identifier::new(synonym),
            span: self.span_from(token.start),
            line: token.line,
        })
    }

    fn type_arguments(&mut self) -> Result<Arguments<'a>> {
        if !self.accept("(") {
            return Ok(Arguments::None);
        }
        let arguments = if self.accept_word("MAX") {
            Arguments::Max
        } else if self.kind() == TokenKind::Number {
            let first = self.text();
            self.advance();
            if self.accept(",") {
                let second = self.text();
                if self.kind() != TokenKind::Number {
                    return self.unexpected();
                }
                self.advance();
                Arguments::Two(first, second)
            } else {
                Arguments::One(first)
            }
        } else if self.name_ahead(0) {
            return Err(Failure::Unread("XML schema collection"));
        } else {
            return self.unexpected();
        };
        self.expect(")")?;
        Ok(arguments)
    }

    /// The built-in type of a name in lower case, and whether its length is known; `None` when
    /// it is none that Launchpod has.
    fn built_in(&self, name: &str, arguments: Arguments<'_>) -> Result<Option<(SqlType, bool)>> {
        let simple = match name {
            "bit" => SqlType::Bit,
            "tinyint" => SqlType::TinyInt,
            "smallint" => SqlType::SmallInt,
            "int" | "integer" => SqlType::Int,
            "bigint" => SqlType::BigInt,
            "real" => SqlType::Real,
            "smallmoney" => SqlType::SmallMoney,
            "money" => SqlType::Money,
            "text" => SqlType::Text,
            "ntext" => SqlType::NText,
            "image" => SqlType::Image,
            "date" => SqlType::Date,
            "smalldatetime" => SqlType::SmallDateTime,
            "datetime" => SqlType::DateTime,
            "rowversion" | "timestamp" => SqlType::Binary(8),
            "uniqueidentifier" => SqlType::UniqueIdentifier,
            "xml" => SqlType::Xml,
            "json" => SqlType::Json,
            "sql_variant" => SqlType::Variant,
            _ => return self.built_in_with_arguments(name, arguments),
        };
        match arguments {
            Arguments::None => Ok(Some((simple, true))),
            _ => self.type_error(ParseErrorKind::WidthNotAllowed { name: name.to_owned() }),
        }
    }

    fn built_in_with_arguments(
        &self,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Result<Option<(SqlType, bool)>> {
        let given = !matches!(arguments, Arguments::None);
        Ok(Some(match name {
            "float" => (self.float(arguments)?, true),
            "decimal" | "dec" | "numeric" => (self.decimal(arguments)?, true),
            "time" => (SqlType::Time(self.time_scale(arguments)?), true),
            "datetime2" => (SqlType::DateTime2(self.time_scale(arguments)?), true),
            "datetimeoffset" => (SqlType::DateTimeOffset(self.time_scale(arguments)?), true),
            "char" | "character" => (SqlType::Char(self.fixed(name, arguments, MAX_BYTES)?), given),
            "nchar" => (SqlType::NChar(self.fixed(name, arguments, MAX_UNITS)?), given),
            "binary" => (SqlType::Binary(self.fixed(name, arguments, MAX_BYTES)?), given),
            "varchar" => (SqlType::VarChar(self.length(name, arguments, MAX_BYTES)?), given),
            "nvarchar" => (SqlType::NVarChar(self.length(name, arguments, MAX_UNITS)?), given),
            "varbinary" => (SqlType::VarBinary(self.length(name, arguments, MAX_BYTES)?), given),
            _ => return Ok(None),
        }))
    }

    fn float(&self, arguments: Arguments<'_>) -> Result<SqlType> {
        match arguments {
            Arguments::None => Ok(SqlType::Float),
            Arguments::One(bits) => match bits.parse::<u8>() {
                Ok(1..=REAL_BITS) => Ok(SqlType::Real),
                Ok(1..=FLOAT_BITS) => Ok(SqlType::Float),
                _ => self.invalid_length(bits),
            },
            _ => self.unexpected(),
        }
    }

    fn decimal(&self, arguments: Arguments<'_>) -> Result<SqlType> {
        let (precision, scale) = match arguments {
            Arguments::None => {
                return Ok(SqlType::Decimal { precision: DEFAULT_PRECISION, scale: 0 });
            }
            Arguments::Max => return self.unexpected(),
            Arguments::One(precision) => (precision, "0"),
            Arguments::Two(precision, scale) => (precision, scale),
        };
        let Some(precision) = precision.parse().ok().filter(|p| (1..=MAX_PRECISION).contains(p))
        else {
            return self.invalid_length(precision);
        };
        match scale.parse::<u8>() {
            Ok(scale) if scale <= precision => Ok(SqlType::Decimal { precision, scale }),
            Ok(scale) if scale <= MAX_PRECISION => {
                self.type_error(ParseErrorKind::ScaleBeyondPrecision)
            }
            _ => self.invalid_scale(scale),
        }
    }

    fn time_scale(&self, arguments: Arguments<'_>) -> Result<u8> {
        match arguments {
            Arguments::None => Ok(MAX_TIME_SCALE),
            Arguments::One(scale) => match scale.parse() {
                Ok(value) if value <= MAX_TIME_SCALE => Ok(value),
                _ => self.invalid_scale(scale),
            },
            _ => self.unexpected(),
        }
    }

    fn fixed(&self, name: &str, arguments: Arguments<'_>, greatest: u16) -> Result<u16> {
        match self.length(name, arguments, greatest)? {
            Length::Limited(length) => Ok(length),
            Length::Max => self.unexpected(),
        }
    }

    fn length(&self, name: &str, arguments: Arguments<'_>, greatest: u16) -> Result<Length> {
        match arguments {
            Arguments::None => Ok(Length::Limited(1)),
            Arguments::Max => Ok(Length::Max),
            Arguments::One(length) => match length.parse::<u64>() {
                Ok(0) => self.invalid_length(length),
                Ok(value) => match u16::try_from(value).ok().filter(|n| *n <= greatest) {
                    Some(value) => Ok(Length::Limited(value)),
                    None => self.too_great(length, name, greatest),
                },
                Err(_) => self.invalid_length(length),
            },
            Arguments::Two(..) => self.unexpected(),
        }
    }

    fn too_great<T>(&self, length: &str, name: &str, greatest: u16) -> Result<T> {
        let (size, name) = (length.to_owned(), name.to_owned());
        self.type_error(match length.parse() {
            Ok(1..=MAX_BYTES) => ParseErrorKind::SizeTooGreatForType { size, name, greatest },
            _ => ParseErrorKind::SizeTooGreat { size, name },
        })
    }

    fn invalid_length<T>(&self, length: &str) -> Result<T> {
        let line = self.last_line();
        self.type_error(ParseErrorKind::InvalidLength { length: length.to_owned(), line })
    }

    fn invalid_scale<T>(&self, scale: &str) -> Result<T> {
        let line = self.last_line();
        self.type_error(ParseErrorKind::InvalidScale { scale: scale.to_owned(), line })
    }

    /// Fails because of the type that was just read.
    fn type_error<T>(&self, kind: ParseErrorKind) -> Result<T> {
        Err(Failure::Invalid(ParseError { kind, line: self.last_line() }))
    }
}
