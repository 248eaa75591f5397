//! Calls of functions.

use launchpod_tsql::ast::{CompareOperator, Expr, FunctionArguments, FunctionCall};
use launchpod_types::{SqlError, SqlType, Value};

use super::expression::{case, common_type};
use super::predicate::compare;
use super::tree::{Bound, Kind};
use super::{Binder, aggregate, coerce, date, int};
use crate::sqlite::embedded::modules::ModuleKind;
use crate::sqlite::errors;
use crate::sqlite::functions::{self, Actual, Body, Function, Signature};
use crate::sqlite::system;

// === impl Binder ===

impl Binder<'_> {
    /// Binds a call by its name.
    pub(crate) fn call(&mut self, call: &FunctionCall) -> Result<Bound, SqlError> {
        let name = call.name.name.text.to_ascii_uppercase();
        if call.name.schema.is_some() {
            if let Some(module) = self.environment.module(&call.name)?
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
            return Err(errors::syntax_near("*"));
        };
        if date::takes_date_part(&name) {
            return self.date_function(&name, list);
        }
        match name.as_str() {
            "IIF" => self.iif(list),
            "COALESCE" => self.coalesce(list),
            "ISNULL" => self.is_null(list),
            "NULLIF" => self.null_if(list),
            "CHOOSE" => self.choose(list),
            "NEWID" | "NEWSEQUENTIALID" => {
                expect(&name, list, 0)?;
                Ok(new_id())
            }
            _ => {
                let arguments =
                    list.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                if let Some(bound) = self.metadata(&name, &arguments)? {
                    return Ok(bound);
                }
                if let Some(function) = system::function(&name) {
                    return self.system_function(function, arguments);
                }
                let builtin = functions::builtin(&name)
                    .ok_or_else(|| errors::unknown_function(&call.name.name.text))?;
                let (least, most) = builtin.arity;
                if !(least..=most).contains(&arguments.len()) {
                    let count = if least == most {
                        least.to_string()
                    } else {
                        format!("{least} to {most}")
                    };
                    return Err(errors::argument_count(&name.to_ascii_lowercase(), &count));
                }
                self.signed_call(builtin.name, arguments, &builtin.signature)
            }
        }
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
            .map(|(argument, to)| coerce::implicit(argument, *to))
            .collect::<Result<Vec<_>, _>>()?;
        let types: Vec<String> = signature.arguments.iter().map(SqlType::to_string).collect();
        let function = Function {
            name: short(format!("{name}({})", types.join(","))),
            arguments: signature.arguments,
            strict: signature.strict,
            deterministic: true,
            body: Body::Values(signature.body),
        };
        Ok(coerce::call(function, converted, signature.result, nullable))
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

/// SQLite keeps names of functions up to 255 bytes: a longer one is cut and told apart by a
/// hash of the whole, one that stays the same, since CHECK constraints keep names.
pub(crate) fn short(name: String) -> String {
    use sha2::{Digest, Sha256};
    if name.len() <= 200 {
        return name;
    }
    let head: String = name.chars().take(100).collect();
    let hash = Sha256::digest(name.as_bytes());
    format!("{head}…{}", functions::convert::hex(&hash[..16]))
}

fn expect(name: &str, list: &[Expr], count: usize) -> Result<(), SqlError> {
    if list.len() == count {
        Ok(())
    } else {
        Err(errors::argument_count(&name.to_ascii_lowercase(), &count.to_string()))
    }
}

fn new_id() -> Bound {
    let function = Function {
        name: "newid".to_owned(),
        arguments: Vec::new(),
        strict: false,
        deterministic: false,
        body: Body::Values(Box::new(|_| Ok(Value::Guid(uuid::Uuid::new_v4().into_bytes())))),
    };
    coerce::call(function, Vec::new(), SqlType::UniqueIdentifier, false)
}
