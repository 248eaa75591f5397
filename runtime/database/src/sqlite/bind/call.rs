//! Calls of functions.

use launchpod_functions::json::{self, Shape};
use launchpod_functions::{Actual, Body, Function, Signature, json_edit, order};
use launchpod_tsql::ast::{
    CompareOperator, Expr, ExprKind, FunctionArguments, FunctionCall, Literal,
};
use launchpod_types::{SqlError, SqlType, Value};

use super::expression::{case, common_type};
use super::for_json::is_json;
use super::predicate::compare;
use super::tree::{Bound, Kind};
use super::{Binder, aggregate, coerce, date, int};
use crate::sqlite::embedded::modules::ModuleKind;
use crate::sqlite::errors;
use crate::sqlite::system;

/// How many arguments GREATEST and LEAST take. SQLite's functions have 127 at most; SQL Server
/// takes 254.
const MOST_EXTREMES: usize = 127;

// === impl Binder ===

impl Binder<'_> {
    /// Binds a call by its name.
    pub(crate) fn call(&mut self, call: &FunctionCall) -> Result<Bound, SqlError> {
        let name = call.name.name.text.to_ascii_uppercase();
        if call.name.schema.is_some() {
            if let Some(module) = self.used_module(&call.name, "EX")?
                && module.kind == ModuleKind::Scalar
            {
                return self.scalar_call(&module, call);
            }
            let schema = call.name.schema.as_ref().map(|schema| schema.text.as_str());
            return Err(SqlError::new(
                4121,
                format!(
                    "Cannot find either column \"{}\" or the user-defined function or aggregate \
                     \"{}\", or the name is ambiguous.",
                    schema.unwrap_or_default(),
                    call.name
                ),
            ));
        }
        if matches!(name.as_str(), "GROUPING" | "GROUPING_ID") {
            return self.grouping_function(&name, call);
        }
        if aggregate::is_aggregate(&name) {
            return self.aggregate(call);
        }
        if call.over.is_some() || call.distinct || !call.within_group.is_empty() {
            return Err(errors::unsupported(format_args!(
                "{name} with DISTINCT, OVER or WITHIN GROUP"
            )));
        }
        let FunctionArguments::List(list) = &call.arguments else {
            return self.call_of_all(&name);
        };
        if date::takes_date_part(&name) {
            return self.date_function(&name, list);
        }
        match name.as_str() {
            "IIF" | "COALESCE" | "ISNULL" | "NULLIF" | "CHOOSE" => {
                let rule = self.sequences.but(errors::next_value_in_case);
                self.with_sequences(rule, |binder| binder.conditional(&name, list))
            }
            "GREATEST" | "LEAST" => self.extreme(&name, list),
            "ISJSON" if list.len() <= 2 => self.is_json(list),
            "JSON_MODIFY" => self.json_modify(list),
            "JSON_OBJECT" | "JSON_ARRAY" => self.json_constructor(&name, call.ignore_nulls, list),
            "NEWID" => {
                expect(&name, list, 0)?;
                Ok(new_id())
            }
            "NEWSEQUENTIALID" => Err(errors::sequential_elsewhere()),
            _ => {
                let arguments =
                    list.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                if let Some(bound) = self.metadata(&name, &arguments)? {
                    return Ok(bound);
                }
                if let Some(function) = system::function(&name) {
                    return self.system_function(function, arguments);
                }
                let builtin = launchpod_functions::builtin(&name)
                    .ok_or_else(|| errors::unknown_function(&call.name.name.text))?;
                let arguments = match name.as_str() {
                    "FORMATMESSAGE" => self.with_message_text(arguments)?,
                    _ => arguments,
                };
                self.builtin_call(builtin, arguments)
            }
        }
    }

    /// The arguments of FORMATMESSAGE with the text of a message in place of its number.
    fn with_message_text(&mut self, mut arguments: Vec<Bound>) -> Result<Vec<Bound>, SqlError> {
        let Some(first) = arguments.first_mut().filter(|first| first.sql_type.is_integer()) else {
            return Ok(arguments);
        };
        if !first.is_constant() {
            return Err(errors::unsupported("FORMATMESSAGE of a number in a column"));
        }
        let text = match self.environment.evaluate(first)? {
            Value::Int(number) => self.environment.catalog().message_text(number)?,
            _ => None,
        };
        let text = text.map_or(Value::Null, Value::Text);
        *first = Bound { nullable: true, ..Bound::constant(text, SqlType::NVARCHAR_MAX) };
        Ok(arguments)
    }

    /// `CHECKSUM(*)`: of all columns of all sources; no other function takes them so.
    fn call_of_all(&mut self, name: &str) -> Result<Bound, SqlError> {
        match launchpod_functions::builtin(name)
            .filter(|_| matches!(name, "CHECKSUM" | "BINARY_CHECKSUM"))
        {
            Some(builtin) => {
                let sources = self.scope().sources.iter();
                let all = sources.flat_map(|s| (0..s.columns.len()).map(|index| s.read(index)));
                let all = all.collect::<Result<_, _>>()?;
                self.builtin_call(builtin, all)
            }
            None => Err(errors::syntax_near("*")),
        }
    }

    fn builtin_call(
        &mut self,
        builtin: &launchpod_functions::Builtin,
        arguments: Vec<Bound>,
    ) -> Result<Bound, SqlError> {
        let (least, most) = builtin.arity;
        if !(least..=most).contains(&arguments.len()) {
            let count =
                if least == most { least.to_string() } else { format!("{least} to {most}") };
            return Err(errors::argument_count(&builtin.name.to_ascii_lowercase(), &count));
        }
        let arguments = match builtin.name.starts_with("JSON_") {
            true => arguments.into_iter().map(coerce::json_text).collect(),
            false => arguments,
        };
        self.signed_call(builtin.name, arguments, &builtin.signature)
    }

    /// Calls a function whose signature depends on its arguments' types.
    pub(crate) fn signed_call(
        &mut self,
        name: &str,
        arguments: Vec<Bound>,
        signature: &dyn Fn(&[Actual<'_>]) -> Result<Signature, SqlError>,
    ) -> Result<Bound, SqlError> {
        let actual: Vec<Actual<'_>> = arguments
            .iter()
            .map(|argument| Actual {
                sql_type: argument.sql_type,
                literal: argument.value().filter(|_| !argument.nullable),
                null: argument.is_null(),
            })
            .collect();
        let signature = signature(&actual)?;
        let null = signature.strict && arguments.iter().any(Bound::is_null);
        if null && arguments.iter().all(|argument| argument.value().is_some()) {
            return Ok(Bound::constant(Value::Null, signature.result));
        }
        let nullable = signature.nullable
            || (signature.strict && arguments.iter().any(|argument| argument.nullable));
        let converted = arguments
            .into_iter()
            .zip(&signature.arguments)
            .zip(1..)
            .map(|((argument, to), place)| {
                let from = argument.sql_type;
                let open = !from.is_document() && from != SqlType::Variant;
                if open || argument.is_null() || from == *to {
                    coerce::implicit(argument, *to)
                } else {
                    let name = name.split_once('(').map_or(name, |(name, _)| name);
                    Err(errors::argument_type(from, place, &name.to_ascii_lowercase()))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        let types: Vec<String> = signature.arguments.iter().map(SqlType::to_string).collect();
        let function = Function {
            // The result is part of it: of how many digits DATETIME2FROMPARTS reads a fraction.
            name: short(format!("{name}({}):{}", types.join(","), signature.result)),
            arguments: signature.arguments,
            strict: signature.strict,
            deterministic: signature.deterministic,
            body: Body::Values(signature.body),
        };
        Ok(coerce::call(function, converted, signature.result, nullable))
    }

    /// A function that doesn't need all its arguments.
    fn conditional(&mut self, name: &str, list: &[Expr]) -> Result<Bound, SqlError> {
        match name {
            "IIF" => self.iif(list),
            "COALESCE" => self.coalesce(list),
            "ISNULL" => self.is_null(list),
            "NULLIF" => self.null_if(list),
            _ => self.choose(list),
        }
    }

    fn iif(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        expect("iif", list, 3)?;
        let condition = self.predicate(&list[0])?;
        let (yes, no) = (self.value(&list[1])?, self.value(&list[2])?);
        case(vec![(condition, yes)], Some(no))
    }

    fn coalesce(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        if list.len() < 2 {
            return Err(errors::argument_count("coalesce", "2"));
        }
        let values = list.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
        let Some(t) = common_type(values.iter()) else {
            return Err(SqlError::new(
                4127,
                "At least one of the arguments to COALESCE must be an expression that is not the \
                 NULL constant.",
            ));
        };
        let nullable = values.iter().all(|value| value.nullable);
        let arguments = values
            .into_iter()
            .map(|value| coerce::implicit(value, t))
            .collect::<Result<_, SqlError>>()?;
        Ok(Bound { kind: Kind::Native { name: "coalesce", arguments }, sql_type: t, nullable })
    }

    fn is_null(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        expect("isnull", list, 2)?;
        let (value, otherwise) = (self.value(&list[0])?, self.value(&list[1])?);
        // The result has the first argument's type, unless that is NULL itself.
        let t = if value.is_null() { otherwise.sql_type } else { value.sql_type };
        let nullable = value.nullable && otherwise.nullable;
        let arguments = vec![coerce::implicit(value, t)?, coerce::implicit(otherwise, t)?];
        Ok(Bound { kind: Kind::Native { name: "coalesce", arguments }, sql_type: t, nullable })
    }

    fn null_if(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        expect("nullif", list, 2)?;
        if matches!(list[0].kind, ExprKind::Literal(Literal::Null)) {
            return Err(errors::null_if_null());
        }
        let (value, other) = (self.value(&list[0])?, self.value(&list[1])?);
        let condition = compare(CompareOperator::Equal, value.clone(), other)?;
        let null = Bound::constant(Value::Null, value.sql_type);
        let sql_type = value.sql_type;
        let kind =
            Kind::Case { branches: vec![(condition, null)], otherwise: Some(Box::new(value)) };
        Ok(Bound { kind, sql_type, nullable: true })
    }

    fn choose(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        if list.len() < 2 {
            return Err(errors::argument_count("choose", "2"));
        }
        let index = coerce::implicit(self.value(&list[0])?, SqlType::Int)?;
        let mut branches = Vec::with_capacity(list.len() - 1);
        for (position, value) in (1..).zip(&list[1..]) {
            let condition = compare(CompareOperator::Equal, index.clone(), int(position))?;
            branches.push((condition, self.value(value)?));
        }
        case(branches, None)
    }
}

// GREATEST and LEAST, and the functions of JSON whose arguments' kinds matter.
impl Binder<'_> {
    /// `GREATEST(…)`, `LEAST(…)`: NULLs don't count.
    fn extreme(&mut self, name: &str, list: &[Expr]) -> Result<Bound, SqlError> {
        if list.is_empty() || list.len() > MOST_EXTREMES {
            let count = format!("1 to {MOST_EXTREMES}");
            return Err(errors::argument_count(&name.to_ascii_lowercase(), &count));
        }
        let values = list.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
        let t = common_type(values.iter()).unwrap_or(SqlType::Int);
        if !t.is_comparable() {
            return Err(errors::argument_type(t, 1, &name.to_ascii_lowercase()));
        }
        let nullable = values.iter().all(|value| value.nullable);
        let arguments = values
            .into_iter()
            .map(|value| coerce::implicit(value, t))
            .collect::<Result<Vec<_>, _>>()?;
        let greatest = name == "GREATEST";
        let unicode = t.is_unicode();
        let function = Function {
            name: short(format!("{name}({t},{})", arguments.len())),
            arguments: vec![t; arguments.len()],
            strict: false,
            deterministic: true,
            body: Body::Values(Box::new(move |values| {
                let present = values.iter().filter(|value| !value.is_null());
                let found = match greatest {
                    true => present.max_by(|l, r| order::compare(l, r, unicode)),
                    false => present.min_by(|l, r| order::compare(l, r, unicode)),
                };
                Ok(found.cloned().unwrap_or(Value::Null))
            })),
        };
        Ok(coerce::call(function, arguments, t, nullable))
    }

    /// `ISJSON(text [, shape])`
    fn is_json(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        let shape = match list.get(1).map(|word| &word.kind) {
            None => Shape::Document,
            Some(ExprKind::Column(word)) => Shape::named(&word.name.text)
                .ok_or_else(|| errors::invalid_parameter(2, "isjson"))?,
            Some(_) => return Err(errors::invalid_parameter(2, "isjson")),
        };
        let text = list.first().ok_or_else(|| errors::argument_count("isjson", "1"))?;
        let argument = coerce::json_text(self.value(text)?);
        self.signed_call(&format!("ISJSON({shape:?})"), vec![argument], &|_| json::is_json(shape))
    }

    /// `JSON_MODIFY(text, path, value)`
    fn json_modify(&mut self, list: &[Expr]) -> Result<Bound, SqlError> {
        expect("json_modify", list, 3)?;
        let text = SqlType::NVARCHAR_MAX;
        let value = self.value(&list[2])?;
        let (t, raw) = (value.sql_type, is_json(&value));
        let document = self.value(&list[0])?;
        // A json stays one.
        let result = if document.sql_type == SqlType::Json { SqlType::Json } else { text };
        let document = coerce::implicit(coerce::json_text(document), text)?;
        let path = coerce::implicit(self.value(&list[1])?, text)?;
        let function = Function {
            name: short(format!("JSON_MODIFY({t},{raw})")),
            arguments: vec![text, text, t],
            strict: false,
            deterministic: true,
            body: Body::Values(Box::new(move |v| {
                let (Value::Text(document), Value::Text(path)) = (&v[0], &v[1]) else {
                    return Ok(Value::Null);
                };
                let new = match &v[2] {
                    Value::Null => None,
                    new => Some(launchpod_functions::for_json::value(new, t, raw)?),
                };
                json_edit::modify(document, path, new.as_deref()).map(Value::Text)
            })),
        };
        let nullable = document.nullable || path.nullable;
        Ok(coerce::call(function, vec![document, path, value], result, nullable))
    }

    /// `JSON_OBJECT(key : value, …)`, `JSON_ARRAY(value, …)`
    fn json_constructor(
        &mut self,
        name: &str,
        absent: Option<bool>,
        list: &[Expr],
    ) -> Result<Bound, SqlError> {
        let object = name == "JSON_OBJECT";
        // An object has its NULLs, an array leaves them out, unless the clause says otherwise.
        let absent = absent.unwrap_or(!object);
        let mut arguments = Vec::with_capacity(list.len());
        for (index, value) in list.iter().enumerate() {
            let value = self.value(value)?;
            let key = object && index % 2 == 0;
            arguments.push(if key {
                coerce::implicit(value, SqlType::NVARCHAR_MAX)?
            } else {
                value
            });
        }
        let types: Vec<SqlType> = arguments.iter().map(|argument| argument.sql_type).collect();
        let raw: Vec<bool> = arguments.iter().map(is_json).collect();
        let function = Function {
            name: short(format!("{name}({types:?},{raw:?},{absent})")),
            arguments: types.clone(),
            strict: false,
            deterministic: true,
            body: Body::Values(Box::new(move |values| {
                json_edit::constructed(values, &types, &raw, object, absent).map(Value::Text)
            })),
        };
        Ok(coerce::call(function, arguments, SqlType::NVARCHAR_MAX, false))
    }
}

/// SQLite keeps names of functions up to 255 bytes: a longer one is cut and told apart by a
/// hash of the whole, one that stays the same, since CHECK constraints keep names.
pub(crate) fn short(name: String) -> String {
    use sha2::{Digest, Sha256};
    if name.len() <= 200 {
        return name;
    }
    let head: String = name.chars().take(100).collect();
    let hash = Sha256::digest(name.as_bytes());
    format!("{head}…{}", launchpod_functions::convert::hex(&hash[..16]))
}

fn expect(name: &str, list: &[Expr], count: usize) -> Result<(), SqlError> {
    if list.len() == count {
        Ok(())
    } else {
        Err(errors::argument_count(&name.to_ascii_lowercase(), &count.to_string()))
    }
}

fn new_id() -> Bound {
    guid("newid", || Ok(uuid::Uuid::new_v4().into_bytes()))
}

/// A call of a function that gives GUIDs.
pub(super) fn guid(name: &str, make: fn() -> Result<[u8; 16], SqlError>) -> Bound {
    let function = Function {
        name: name.to_owned(),
        arguments: Vec::new(),
        strict: false,
        deterministic: false,
        body: Body::Values(Box::new(move |_| make().map(Value::Guid))),
    };
    coerce::call(function, Vec::new(), SqlType::UniqueIdentifier, false)
}
