//! Text functions ("String Functions (Transact-SQL)").

use launchpod_types::{Length, SqlError, SqlType, Value};

use super::collation::Collation;
use super::pattern::{self, Pattern};
use super::{Actual, Builtin, Signature, text, variant};
use crate::errors;

const INT: SqlType = SqlType::Int;
const BIGINT: SqlType = SqlType::BigInt;

/// All of them.
pub(crate) const BUILTINS: &[Builtin] = &[
    Builtin { name: "LEN", arity: (1, 1), signature: len },
    Builtin { name: "DATALENGTH", arity: (1, 1), signature: data_length },
    Builtin { name: "LEFT", arity: (2, 2), signature: left },
    Builtin { name: "RIGHT", arity: (2, 2), signature: right },
    Builtin { name: "SUBSTRING", arity: (3, 3), signature: substring },
    Builtin { name: "UPPER", arity: (1, 1), signature: upper },
    Builtin { name: "LOWER", arity: (1, 1), signature: lower },
    Builtin { name: "LTRIM", arity: (1, 2), signature: |a| trim(a, true, false) },
    Builtin { name: "RTRIM", arity: (1, 2), signature: |a| trim(a, false, true) },
    Builtin { name: "TRIM", arity: (1, 2), signature: |a| trim(a, true, true) },
    Builtin { name: "REVERSE", arity: (1, 1), signature: reverse },
    Builtin { name: "REPLACE", arity: (3, 3), signature: replace },
    Builtin { name: "TRANSLATE", arity: (3, 3), signature: translate },
    Builtin { name: "REPLICATE", arity: (2, 2), signature: replicate },
    Builtin { name: "SPACE", arity: (1, 1), signature: space },
    Builtin { name: "STUFF", arity: (4, 4), signature: stuff },
    Builtin { name: "CHARINDEX", arity: (2, 3), signature: char_index },
    Builtin { name: "PATINDEX", arity: (2, 2), signature: pattern_index },
    Builtin { name: "CONCAT", arity: (2, 100), signature: concat },
    Builtin { name: "CONCAT_WS", arity: (3, 100), signature: concat_with_separator },
    Builtin { name: "STR", arity: (1, 3), signature: str },
    Builtin { name: "ASCII", arity: (1, 1), signature: ascii },
    Builtin { name: "UNICODE", arity: (1, 1), signature: unicode },
    Builtin { name: "CHAR", arity: (1, 1), signature: char },
    Builtin { name: "NCHAR", arity: (1, 1), signature: nchar },
    Builtin { name: "QUOTENAME", arity: (1, 2), signature: quote_name },
];

/// The type in which a text function takes an argument: its own when it is text, else varchar.
fn varying(t: SqlType) -> SqlType {
    match t {
        SqlType::Char(n) => SqlType::VarChar(Length::Limited(n)),
        SqlType::NChar(n) => SqlType::NVarChar(Length::Limited(n)),
        SqlType::Text => SqlType::VARCHAR_MAX,
        SqlType::NText | SqlType::Xml | SqlType::Json => SqlType::NVARCHAR_MAX,
        _ if t.is_character() => t,
        SqlType::VarBinary(Length::Max) | SqlType::Image => SqlType::VARCHAR_MAX,
        _ => SqlType::VarChar(Length::Limited(8000)),
    }
}

/// A varying text type like `t` with another length.
fn with_length(t: SqlType, length: Length) -> SqlType {
    if t.is_unicode() { SqlType::NVarChar(length) } else { SqlType::VarChar(length) }
}

/// The greatest length that isn't (max); (max) when the argument is.
fn widest(t: SqlType) -> SqlType {
    let limit = if t.is_unicode() { 4000 } else { 8000 };
    with_length(t, if is_max(t) { Length::Max } else { Length::Limited(limit) })
}

fn is_max(t: SqlType) -> bool {
    text::limit(t).is_none()
}

fn content(value: &Value) -> &str {
    match value {
        Value::Text(content) => content,
        _ => "",
    }
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        _ => 0,
    }
}

fn length_type(t: SqlType) -> SqlType {
    let max = matches!(t, SqlType::VarBinary(Length::Max) | SqlType::Image)
        || (t.is_character() && is_max(t));
    if max { BIGINT } else { INT }
}

/// A length within a type, for results that a constant count bounds.
fn bounded(t: SqlType, count: Option<i64>) -> SqlType {
    match (text::limit(t), count) {
        (Some(limit), Some(count)) => {
            let count = usize::try_from(count.max(1)).map_or(limit, |count| count.min(limit));
            with_length(t, Length::Limited(count as u16))
        }
        _ => t,
    }
}

fn len(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    if t.is_binary() {
        return Ok(Signature::strict(vec![t], length_type(t), |v| match &v[0] {
            Value::Binary(bytes) => Ok(Value::Int(bytes.len() as i64)),
            _ => Ok(Value::Null),
        }));
    }
    let unicode = t.is_unicode();
    Ok(Signature::strict(vec![varying(t)], length_type(t), move |v| {
        let trimmed = content(&v[0]).trim_end_matches(' ');
        Ok(Value::Int(text::units(trimmed, unicode) as i64))
    }))
}

fn data_length(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = a[0].sql_type;
    let fixed = match t {
        SqlType::Bit | SqlType::TinyInt => 1,
        SqlType::SmallInt => 2,
        SqlType::Int | SqlType::Real | SqlType::SmallMoney | SqlType::SmallDateTime => 4,
        SqlType::BigInt | SqlType::Float | SqlType::Money | SqlType::DateTime => 8,
        SqlType::Date => 3,
        SqlType::UniqueIdentifier => 16,
        SqlType::Decimal { precision, .. } => match precision {
            0..=9 => 5,
            10..=19 => 9,
            20..=28 => 13,
            _ => 17,
        },
        SqlType::Time(n) => time_bytes(n),
        SqlType::DateTime2(n) => time_bytes(n) + 3,
        SqlType::DateTimeOffset(n) => time_bytes(n) + 5,
        _ => 0,
    };
    Ok(Signature::strict(vec![t], length_type(t), move |v| {
        Ok(Value::Int(match &v[0] {
            Value::Text(content) if t.is_unicode() => text::units(content, true) as i64 * 2,
            Value::Text(content) => text::units(content, false) as i64,
            Value::Binary(bytes) => bytes.len() as i64,
            Value::Variant(variant) => variant::data_length(variant) as i64,
            _ => fixed,
        }))
    }))
}

fn time_bytes(scale: u8) -> i64 {
    match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}

fn count(value: &Value, function: &str) -> Result<usize, SqlError> {
    usize::try_from(number(value)).map_err(|_| errors::invalid_length(function))
}

fn left(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    let unicode = t.is_unicode();
    Ok(Signature::strict(vec![t, BIGINT], bounded(t, a[1].whole()), move |v| {
        let content = content(&v[0]);
        let cut = text::prefix(content, count(&v[1], "left")?, unicode);
        Ok(Value::from(&content[..cut]))
    }))
}

fn right(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    let unicode = t.is_unicode();
    Ok(Signature::strict(vec![t, BIGINT], bounded(t, a[1].whole()), move |v| {
        let content = content(&v[0]);
        let skip = text::units(content, unicode).saturating_sub(count(&v[1], "right")?);
        Ok(Value::from(&content[text::prefix(content, skip, unicode)..]))
    }))
}

fn substring(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    if a[0].sql_type.is_binary() {
        let t = a[0].sql_type;
        return Ok(Signature::strict(vec![t, BIGINT, BIGINT], t, |v| {
            let Value::Binary(bytes) = &v[0] else { return Ok(Value::Null) };
            let (start, end) = span(&v[1], &v[2])?;
            let (start, end) = (start.min(bytes.len()), end.min(bytes.len()));
            Ok(Value::Binary(bytes[start..end].to_vec()))
        }));
    }
    let t = varying(a[0].sql_type);
    let unicode = t.is_unicode();
    Ok(Signature::strict(vec![t, BIGINT, BIGINT], bounded(t, a[2].whole()), move |v| {
        let content = content(&v[0]);
        let (start, end) = span(&v[1], &v[2])?;
        let from = text::prefix(content, start, unicode);
        let to = text::prefix(content, end, unicode);
        Ok(Value::from(&content[from..to.max(from)]))
    }))
}

/// The units that `start` (from 1, may be less) and `length` name: from 0, end excluded.
fn span(start: &Value, length: &Value) -> Result<(usize, usize), SqlError> {
    let (start, length) = (number(start), number(length));
    if length < 0 {
        return Err(errors::invalid_length("substring"));
    }
    let end = start.saturating_sub(1).saturating_add(length).max(0);
    let start = start.saturating_sub(1).max(0);
    Ok((usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(end).unwrap_or(usize::MAX)))
}

fn upper(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    Ok(Signature::strict(vec![t], t, |v| {
        // One character stays one: ß has no single upper-case character and stays.
        let one = |c: char| {
            let mut upper = c.to_uppercase();
            if upper.len() == 1 { upper.next().unwrap_or(c) } else { c }
        };
        Ok(Value::Text(content(&v[0]).chars().map(one).collect()))
    }))
}

fn lower(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    Ok(Signature::strict(vec![t], t, |v| {
        Ok(Value::Text(content(&v[0]).chars().map(text::fold).collect()))
    }))
}

fn trim(a: &[Actual<'_>], start: bool, end: bool) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    let mut arguments = vec![t];
    arguments.extend(a.get(1).map(|set| varying(set.sql_type)));
    Ok(Signature::strict(arguments, t, move |v| {
        let mut content = content(&v[0]);
        let set = v.get(1).map_or(" ", self::content);
        if start {
            content = content.trim_start_matches(|c| set.contains(c));
        }
        if end {
            content = content.trim_end_matches(|c| set.contains(c));
        }
        Ok(Value::from(content))
    }))
}

fn reverse(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    Ok(Signature::strict(vec![t], t, |v| Ok(Value::Text(content(&v[0]).chars().rev().collect()))))
}

fn translate(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let types: Vec<SqlType> = a.iter().map(|a| varying(a.sql_type)).collect();
    Ok(Signature::strict(types.clone(), types[0], |v| {
        let from: Vec<char> = content(&v[1]).chars().collect();
        let to: Vec<char> = content(&v[2]).chars().collect();
        if from.len() != to.len() {
            return Err(errors::translate_lengths());
        }
        let same = |a: char, b: char| a == b || a.to_lowercase().eq(b.to_lowercase());
        let replaced = content(&v[0])
            .chars()
            .map(|c| from.iter().position(|known| same(*known, c)).map_or(c, |index| to[index]));
        Ok(Value::Text(replaced.collect()))
    }))
}

fn replace(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let types: Vec<SqlType> = a.iter().map(|a| varying(a.sql_type)).collect();
    let unicode = types.iter().any(|t| t.is_unicode());
    let max = types.iter().any(|t| is_max(*t));
    let limit = if unicode { 4000 } else { 8000 };
    let length = if max { Length::Max } else { Length::Limited(limit) };
    let result = if unicode { SqlType::NVarChar(length) } else { SqlType::VarChar(length) };
    let collation = Collation::default(unicode);
    Ok(Signature::strict(types, result, move |v| {
        let (source, pattern, new) = (content(&v[0]), content(&v[1]), content(&v[2]));
        if pattern.is_empty() {
            return Ok(Value::from(source));
        }
        let mut result = String::with_capacity(source.len());
        let mut at = 0;
        while let Some(found) = pattern::find(source, pattern, at, collation) {
            result.push_str(&source[at..found.start]);
            result.push_str(new);
            at = found.end;
        }
        result.push_str(&source[at..]);
        Ok(Value::Text(result))
    }))
}

/// The most bytes that a function makes at once: SQLite's own limit for a cell.
const MOST: usize = 256 * 1024 * 1024;

fn repeated(part: &str, times: i64, limit: Option<usize>) -> Result<Value, SqlError> {
    let Ok(times) = usize::try_from(times) else { return Ok(Value::Null) };
    let wanted = part.len().saturating_mul(times);
    let times = match limit {
        Some(limit) if wanted > limit && !part.is_empty() => limit / part.len(),
        None if wanted > MOST => {
            return Err(errors::too_large_to_grow());
        }
        _ => times,
    };
    Ok(Value::Text(part.repeat(times)))
}

fn replicate(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    let widest = widest(t);
    let result = match (text::limit(t), a[1].whole()) {
        (Some(limit), Some(times)) => {
            bounded(widest, i64::try_from(limit).ok().and_then(|n| n.checked_mul(times)))
        }
        _ => widest,
    };
    let limit = text::limit(widest);
    Ok(Signature::strict(vec![t, BIGINT], result, move |v| {
        repeated(content(&v[0]), number(&v[1]), limit)
    })
    .or_null())
}

fn space(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let result = bounded(SqlType::VarChar(Length::Limited(8000)), a[0].whole());
    Ok(Signature::strict(vec![BIGINT], result, |v| repeated(" ", number(&v[0]), Some(8000)))
        .or_null())
}

fn stuff(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let (t, new) = (varying(a[0].sql_type), varying(a[3].sql_type));
    let unicode = t.is_unicode() || new.is_unicode();
    let sum = text::limit(t).zip(text::limit(new)).map(|(a, b)| (a + b) as i64);
    let wide = if unicode { SqlType::NVARCHAR_MAX } else { SqlType::VARCHAR_MAX };
    let result = match sum {
        Some(_) => bounded(widest(with_length(wide, Length::Limited(1))), sum),
        None => wide,
    };
    Ok(Signature::strict(vec![t, BIGINT, BIGINT, new], result, move |v| {
        let source = content(&v[0]);
        let (start, length) = (number(&v[1]), number(&v[2]));
        let units = text::units(source, unicode) as i64;
        if start < 1 || start > units || length < 0 {
            return Ok(Value::Null);
        }
        let from = text::prefix(source, (start - 1) as usize, unicode);
        let end = usize::try_from((start - 1).saturating_add(length)).unwrap_or(usize::MAX);
        let to = text::prefix(source, end, unicode).max(from);
        Ok(Value::Text(format!("{}{}{}", &source[..from], content(&v[3]), &source[to..])))
    })
    .or_null())
}

fn char_index(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let (needle, haystack) = (varying(a[0].sql_type), varying(a[1].sql_type));
    let unicode = haystack.is_unicode();
    let collation = Collation::default(unicode || needle.is_unicode());
    let mut arguments = vec![needle, haystack];
    arguments.extend(a.get(2).map(|_| BIGINT));
    let result = if is_max(haystack) { BIGINT } else { INT };
    Ok(Signature::strict(arguments, result, move |v| {
        let (needle, haystack) = (content(&v[0]), content(&v[1]));
        let skip = v.get(2).map_or(0, |from| number(from).saturating_sub(1).max(0));
        let from = text::prefix(haystack, usize::try_from(skip).unwrap_or(usize::MAX), unicode);
        let found = match needle.is_empty() {
            true => None,
            false => pattern::find(haystack, needle, from, collation),
        };
        let before = found.map(|found| text::units(&haystack[..found.start], unicode));
        let position = before.map_or(0, |before| before as i64 + 1);
        Ok(Value::Int(position))
    }))
}

fn pattern_index(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let types = vec![varying(a[0].sql_type), varying(a[1].sql_type)];
    let unicode = types[1].is_unicode();
    let collation = Collation::default(types.iter().any(|t| t.is_unicode()));
    let result = if is_max(types[1]) { BIGINT } else { INT };
    Ok(Signature::strict(types, result, move |v| {
        let (pattern, source) = (content(&v[0]), content(&v[1]));
        // A leading % lets the match begin anywhere: try each place in turn.
        let Some(rest) = pattern.strip_prefix('%') else {
            let found = Pattern::new(pattern, None, collation).matches(source, false);
            return Ok(Value::Int(i64::from(found)));
        };
        let compiled = Pattern::new(rest, None, collation);
        let found = source.char_indices().find(|(at, _)| compiled.matches(&source[*at..], false));
        let position = found.map_or(0, |(at, _)| text::units(&source[..at], unicode) as i64 + 1);
        Ok(Value::Int(position))
    }))
}

/// The type of several texts together, NULL counting as nothing.
fn joined_type(types: &[SqlType]) -> SqlType {
    let unicode = types.iter().any(|t| t.is_unicode());
    let sum = types.iter().try_fold(0, |sum, t| Some(sum + text::limit(*t)?));
    let limit = if unicode { 4000 } else { 8000 };
    let length = sum.map_or(Length::Max, |sum| Length::Limited(sum.clamp(1, limit) as u16));
    if unicode { SqlType::NVarChar(length) } else { SqlType::VarChar(length) }
}

/// The text type of an argument of CONCAT: as long as the type's values are when written.
fn written(a: &Actual<'_>) -> SqlType {
    let limited = |n| SqlType::VarChar(Length::Limited(n));
    match a.sql_type {
        _ if a.null => limited(1),
        t if t.is_character() => varying(t),
        SqlType::Bit => limited(1),
        SqlType::TinyInt => limited(3),
        SqlType::SmallInt => limited(6),
        SqlType::Int => limited(12),
        SqlType::BigInt => limited(24),
        SqlType::Decimal { .. } => limited(41),
        SqlType::Float | SqlType::Real => limited(32),
        SqlType::UniqueIdentifier => limited(36),
        t if t.is_temporal() => limited(40),
        _ => limited(8000),
    }
}

fn concat(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let types: Vec<SqlType> = a.iter().map(written).collect();
    let result = joined_type(&types);
    Ok(Signature::strict(types, result, |v| Ok(Value::Text(v.iter().map(content).collect())))
        .lenient())
}

fn concat_with_separator(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let types: Vec<SqlType> = a.iter().map(written).collect();
    let separators = vec![types[0]; types.len() - 2];
    let result = joined_type(&[&types[1..], &separators].concat());
    Ok(Signature::strict(types, result, |v| {
        let parts: Vec<&str> = v[1..].iter().filter(|v| !v.is_null()).map(content).collect();
        Ok(Value::Text(parts.join(content(&v[0]))))
    })
    .lenient())
}

fn str(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let length = a.get(1).map_or(Some(10), Actual::whole);
    let mut arguments = vec![SqlType::Float];
    arguments.extend(a.iter().skip(1).map(|_| BIGINT));
    let result = bounded(SqlType::VarChar(Length::Limited(8000)), length);
    Ok(Signature::strict(arguments, result, |v| {
        let Value::Float(number) = v[0] else { return Ok(Value::Null) };
        let length = v.get(1).map_or(10, self::number);
        let decimals = v.get(2).map_or(0, self::number).clamp(0, 16) as usize;
        let Ok(length @ 1..=8000) = usize::try_from(length) else { return Ok(Value::Null) };
        let whole = format!("{number:.0}");
        if whole.len() > length {
            return Ok(Value::Text("*".repeat(length)));
        }
        let room = length.saturating_sub(whole.len() + 1).min(decimals);
        Ok(Value::Text(format!("{number:>length$.room$}")))
    })
    .or_null())
}

fn ascii(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    Ok(Signature::strict(vec![t], INT, |v| {
        let first = content(&v[0]).chars().next();
        Ok(first.map_or(Value::Null, |c| Value::Int(i64::from(text::to_windows_1252(c)))))
    })
    .or_null())
}

fn unicode(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let t = varying(a[0].sql_type);
    Ok(Signature::strict(vec![t], INT, |v| {
        let first = content(&v[0]).encode_utf16().next();
        Ok(first.map_or(Value::Null, |unit| Value::Int(i64::from(unit))))
    })
    .or_null())
}

fn char(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![BIGINT], SqlType::Char(1), |v| {
        let byte = u8::try_from(number(&v[0])).ok();
        Ok(byte.map_or(Value::Null, |b| Value::Text(text::from_windows_1252(b).to_string())))
    })
    .or_null())
}

fn nchar(_: &[Actual<'_>]) -> Result<Signature, SqlError> {
    Ok(Signature::strict(vec![BIGINT], SqlType::NChar(1), |v| {
        let c = u16::try_from(number(&v[0])).ok().and_then(|n| char::from_u32(u32::from(n)));
        Ok(c.map_or(Value::Null, |c| Value::Text(c.to_string())))
    })
    .or_null())
}

fn quote_name(a: &[Actual<'_>]) -> Result<Signature, SqlError> {
    let mut arguments = vec![SqlType::NVARCHAR_MAX];
    arguments.extend(a.get(1).map(|_| SqlType::NChar(1)));
    Ok(Signature::strict(arguments, SqlType::NVarChar(Length::Limited(258)), |v| {
        let name = content(&v[0]);
        if text::units(name, true) > 128 {
            return Ok(Value::Null);
        }
        let quote = v.get(1).map_or('[', |q| content(q).chars().next().unwrap_or('['));
        let (open, close) = match quote {
            '[' | ']' => ('[', ']'),
            '(' | ')' => ('(', ')'),
            '{' | '}' => ('{', '}'),
            '<' | '>' => ('<', '>'),
            '\'' | '"' | '`' => (quote, quote),
            _ => return Ok(Value::Null),
        };
        let doubled = name.replace(close, &format!("{close}{close}"));
        Ok(Value::Text(format!("{open}{doubled}{close}")))
    })
    .or_null())
}
