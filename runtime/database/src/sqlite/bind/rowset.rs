//! Functions that return rows: STRING_SPLIT, OPENJSON, GENERATE_SERIES and those about permissions.
//!
//! Each is a function of ours that gives a JSON array, which SQLite's `json_each` makes rows
//! of; its argument may use the sources before it, as CROSS APPLY wants.

use launchpod_functions::json::{self, JsonField, JsonPath};
use launchpod_functions::{Body, Function, series};
use launchpod_tsql::ast::{Expr, FunctionArguments, FunctionCall, JsonColumn};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::expression::common_type;
use super::scope::SourceColumn;
use super::tree::{Bound, BoundSource, Kind, SourceId};
use super::{Binder, coerce, int, operator};
use crate::sqlite::errors;

const TEXT: SqlType = SqlType::NVARCHAR_MAX;

// === impl Binder ===

impl Binder<'_> {
    /// A function's rows and columns; `None` when it isn't one of these.
    pub(crate) fn rowset(
        &mut self,
        call: &FunctionCall,
        json_columns: &[JsonColumn],
    ) -> Result<Option<(BoundSource, Vec<SourceColumn>, SourceId)>, SqlError> {
        let FunctionArguments::List(list) = &call.arguments else { return Ok(None) };
        let of_system = call.name.schema.as_ref().is_some_and(|schema| schema.is("sys"));
        if call.name.schema.is_some() && !of_system {
            return self.discovery(&call.name, list);
        }
        let id = self.source_id();
        let (array, columns) = match call.name.name.text.to_ascii_uppercase().as_str() {
            "FN_BUILTIN_PERMISSIONS" => self.builtin_permissions(list, id)?,
            "FN_MY_PERMISSIONS" => self.my_permissions(list, id)?,
            _ if of_system => return Ok(None),
            "STRING_SPLIT" => self.string_split(list, id)?,
            "GENERATE_SERIES" => self.generate_series(list, id)?,
            "OPENJSON" => self.open_json(list, json_columns, id)?,
            _ => return Ok(None),
        };
        Ok(Some((BoundSource::Rows { array: Box::new(array), id }, columns, id)))
    }

    fn string_split(
        &mut self,
        list: &[Expr],
        id: SourceId,
    ) -> Result<(Bound, Vec<SourceColumn>), SqlError> {
        if !(2..=3).contains(&list.len()) {
            return Err(errors::argument_count("string_split", "2 to 3"));
        }
        let text = self.value(&list[0])?;
        if !text.sql_type.is_character() && !text.is_null() {
            return Err(errors::argument_type(text.sql_type, 1, "string_split"));
        }
        let result = match text.sql_type {
            SqlType::Char(n) => SqlType::VarChar(Length::Limited(n)),
            SqlType::NChar(n) => SqlType::NVarChar(Length::Limited(n)),
            t if t.is_character() => t,
            _ => TEXT,
        };
        let separator = self.value(&list[1])?;
        let ordinal = match list.get(2) {
            None => false,
            Some(value) => {
                let value = self.value(value)?;
                matches!(self.environment.evaluate(&value)?, Value::Int(1) | Value::Bit(true))
            }
        };
        let function = Function {
            name: "string_split".to_owned(),
            arguments: vec![TEXT, TEXT],
            strict: true,
            deterministic: true,
            body: Body::Values(Box::new(|v| {
                let (Value::Text(text), Value::Text(separator)) = (&v[0], &v[1]) else {
                    return Ok(Value::Null);
                };
                if separator.chars().count() != 1 {
                    return Err(errors::split_separator());
                }
                let parts: Vec<&str> = text.split(separator.as_str()).collect();
                serde_json::to_string(&parts).map(Value::Text).map_err(errors::internal)
            })),
        };
        let arguments = vec![coerce::implicit(text, TEXT)?, coerce::implicit(separator, TEXT)?];
        let array = coerce::call(function, arguments, TEXT, true);
        let mut columns = vec![column("value", cell(id, "value", result))];
        if ordinal {
            let key = cell(id, "key", SqlType::BigInt);
            let one = coerce::implicit(int(1), SqlType::BigInt)?;
            let next = operator::binary(launchpod_tsql::ast::BinaryOperator::Add, key, one)?;
            columns.push(column("ordinal", next));
        }
        Ok((array, columns))
    }

    /// `GENERATE_SERIES(start, stop [, step])`: numbers of one type, which the column has.
    fn generate_series(
        &mut self,
        list: &[Expr],
        id: SourceId,
    ) -> Result<(Bound, Vec<SourceColumn>), SqlError> {
        if !(2..=3).contains(&list.len()) {
            return Err(errors::argument_count("generate_series", "2 to 3"));
        }
        let values = list.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
        let t = common_type(values.iter()).unwrap_or(SqlType::Int);
        if !t.is_integer() && !matches!(t, SqlType::Decimal { .. }) {
            return Err(errors::argument_type(t, 1, "generate_series"));
        }
        let other =
            |value: &&Bound| std::mem::discriminant(&value.sql_type) != std::mem::discriminant(&t);
        if values.iter().filter(|value| !value.is_null()).any(|value| other(&value)) {
            return Err(errors::series_types());
        }
        let count = values.len();
        let arguments = values
            .into_iter()
            .map(|value| coerce::implicit(value, t))
            .collect::<Result<Vec<_>, _>>()?;
        let function = Function {
            name: format!("generate_series({t},{count})"),
            arguments: vec![t; count],
            strict: true,
            deterministic: true,
            body: Body::Values(Box::new(|v| series::array(v).map(Value::Text))),
        };
        let array = coerce::call(function, arguments, TEXT, true);
        let value = match t {
            SqlType::Decimal { .. } => coerce::implicit(cell(id, "value", TEXT), t)?,
            t => cell(id, "value", t),
        };
        Ok((array, vec![column("value", value)]))
    }

    fn open_json(
        &mut self,
        list: &[Expr],
        json_columns: &[JsonColumn],
        id: SourceId,
    ) -> Result<(Bound, Vec<SourceColumn>), SqlError> {
        if !(1..=2).contains(&list.len()) {
            return Err(errors::argument_count("openjson", "1 to 2"));
        }
        let text = coerce::implicit(coerce::json_text(self.value(&list[0])?), TEXT)?;
        let path = match list.get(1) {
            Some(path) => coerce::implicit(self.value(path)?, TEXT)?,
            None => Bound::constant("$".into(), TEXT),
        };
        let mut fields = Vec::with_capacity(json_columns.len());
        let mut columns = Vec::with_capacity(json_columns.len().max(3));
        let element = |index: usize, sql_type: SqlType| element(id, index, sql_type);
        for (index, json) in json_columns.iter().enumerate() {
            let sql_type = self.environment.declared_type(&json.type_name, 1)?;
            let path = match &json.path {
                Some(path) => JsonPath::parse(path)?,
                None => JsonPath::member(&json.name.text),
            };
            fields.push(JsonField { path, as_json: json.as_json });
            let value = coerce::implicit(element(index, TEXT), sql_type)?;
            columns.push(column(&json.name.text, value));
        }
        let name = if fields.is_empty() {
            columns.push(column("key", element(0, SqlType::NVarChar(Length::Limited(4000)))));
            columns.push(column("value", element(1, TEXT)));
            columns.push(column("type", element(2, SqlType::Int)));
            "openjson".to_owned()
        } else {
            super::call::short(format!("openjson({fields:?})"))
        };
        let function = Function {
            name,
            arguments: vec![TEXT, TEXT],
            strict: true,
            deterministic: true,
            body: Body::Values(Box::new(move |v| {
                let (Value::Text(text), Value::Text(path)) = (&v[0], &v[1]) else {
                    return Ok(Value::Null);
                };
                let path = JsonPath::parse(path)?;
                let rows = if fields.is_empty() {
                    json::open(text, &path)?
                } else {
                    json::open_with(text, &path, &fields)?
                };
                Ok(Value::Text(rows))
            })),
        };
        Ok((coerce::call(function, vec![text, path], TEXT, true), columns))
    }
}

/// A cell of a row that `json_each` makes of an array.
pub(super) fn element(source: SourceId, index: usize, sql_type: SqlType) -> Bound {
    let path = Bound::constant(format!("$[{index}]").as_str().into(), TEXT);
    let arguments = vec![cell(source, "value", TEXT), path];
    let kind = Kind::Native { name: "json_extract", arguments };
    Bound { kind, sql_type, nullable: true }
}

/// A column of `json_each`.
fn cell(source: SourceId, name: &str, sql_type: SqlType) -> Bound {
    Bound { kind: Kind::Column { source, name: name.to_owned() }, sql_type, nullable: true }
}

pub(super) fn column(name: &str, value: Bound) -> SourceColumn {
    SourceColumn {
        name: name.to_owned(),
        storage: name.to_owned(),
        sql_type: value.sql_type,
        nullable: true,
        identity: false,
        value: Some(value),
    }
}
