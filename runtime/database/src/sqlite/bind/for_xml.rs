//! FOR XML: a query whose rows become one text.

use std::sync::Arc;

use launchpod_functions::for_xml::{self, Column, Leaf, Shape};
use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{Expr, ForClause, ForMode, TypeName};
use launchpod_types::{SqlError, SqlType, Value};

use super::for_json::{aggregate, any_row, joined, root_name};
use super::tree::{AggregateName, Bound, BoundBody, BoundQuery, BoundSource, Kind, QueryColumn};
use super::write::{derived_column, plain_query, plain_select};
use super::{Binder, coerce};
use crate::sqlite::errors;

/// The name that the result's column has.
const COLUMN: &str = "XML_F52E2B61-18A1-11d1-B105-00805F49916B";
/// SQLite's functions take at least so many arguments.
const MOST_COLUMNS: usize = 100;
const TEXT: SqlType = SqlType::NVARCHAR_MAX;
/// The paths by which `value()` gives all of an XML text's text.
const WHOLE: [&str; 6] =
    [".", "(.)[1]", "text()[1]", "(text())[1]", "./text()[1]", "(./text())[1]"];

/// What stands after FOR XML.
#[derive(Default)]
struct Options {
    /// The argument of the mode.
    row: Option<String>,
    root: Option<String>,
    elements: bool,
    nil: bool,
    typed: bool,
}

// === impl Binder ===

impl Binder<'_> {
    /// The query that gives the XML text of a query's rows; without rows it has none either.
    pub(super) fn for_xml(
        &mut self,
        query: BoundQuery,
        clause: &ForClause,
    ) -> Result<BoundQuery, SqlError> {
        let options = Options::of(clause)?;
        if query.columns.len() > MOST_COLUMNS {
            return Err(errors::unsupported("FOR XML of more than 100 columns"));
        }
        let shape = match clause.mode {
            ForMode::XmlPath => path_shape(&query, &options)?,
            ForMode::XmlRaw => named_shape(&query, &options, "row")?,
            ForMode::XmlAuto => {
                let table = self.only_table(&query)?;
                named_shape(&query, &options, &table)?
            }
            _ => return Err(errors::unsupported("FOR XML EXPLICIT")),
        };
        let id = self.source_id();
        let text = |text: String| Bound::constant(text.as_str().into(), TEXT);
        let mut whole = rows_text(&query, id, shape);
        if let Some(root) = &options.root {
            check_name(root, root)?;
            whole = joined(joined(text(format!("<{root}>")), whole), text(format!("</{root}>")));
        }
        if options.typed {
            whole = coerce::call(typed(), vec![whole], TEXT, true);
        }
        let name = if options.typed { String::new() } else { COLUMN.to_owned() };
        let from = BoundSource::Derived { query: Box::new(query), id };
        let mut select = plain_select(vec![whole], Some(from), None);
        select.having = Some(any_row());
        let body = BoundBody::Select(Box::new(select));
        let column = QueryColumn { name, sql_type: TEXT, nullable: true, identity: false };
        Ok(BoundQuery { columns: vec![column], ..plain_query(Vec::new(), body, None) })
    }

    /// The only table of a query with FOR XML AUTO.
    fn only_table(&self, query: &BoundQuery) -> Result<String, SqlError> {
        let BoundBody::Select(select) = &query.body else {
            return Err(errors::unsupported("FOR XML AUTO of a set operation"));
        };
        let mut tables = select.items.iter().filter_map(|item| match &item.kind {
            Kind::Column { source, .. } => Some(*source),
            _ => None,
        });
        let Some(first) = tables.next() else { return Err(errors::xml_auto_without_table()) };
        if tables.any(|other| other != first) {
            return Err(errors::unsupported("FOR XML AUTO of several tables"));
        }
        Ok(self.source_names.get(&first).cloned().unwrap_or_default())
    }

    /// `(SELECT … FOR XML …, TYPE).value('.', 'type')`
    pub(super) fn xml_value(
        &mut self,
        operand: &Expr,
        path: &str,
        target: &TypeName,
    ) -> Result<Bound, SqlError> {
        let operand = self.value(operand)?;
        if !is_typed(&operand) {
            return Err(errors::unsupported("value() of what isn't FOR XML …, TYPE"));
        }
        let path: String = path.chars().filter(|c| !c.is_whitespace()).collect();
        if !WHOLE.contains(&path.as_str()) {
            return Err(errors::unsupported(format_args!("The XQuery expression '{path}'")));
        }
        let function = Function {
            name: "xml_text".to_owned(),
            arguments: vec![TEXT],
            strict: true,
            deterministic: true,
            body: Body::Values(Box::new(|values| match &values[0] {
                Value::Text(xml) => Ok(Value::Text(for_xml::text_within(xml))),
                _ => Ok(Value::Null),
            })),
        };
        let text = coerce::call(function, vec![operand], TEXT, true);
        coerce::explicit(text, self.target_type(target)?, 0, false)
    }
}

// === impl Options ===

impl Options {
    fn of(clause: &ForClause) -> Result<Options, SqlError> {
        let mut options = Options::default();
        for option in &clause.options {
            match (option.name.as_str(), &option.arguments) {
                ("PATH" | "RAW", Some(row)) => options.row = Some(root_name(row)?),
                ("ROOT", None) => options.root = Some("root".to_owned()),
                ("ROOT", Some(name)) => options.root = Some(root_name(name)?),
                ("ELEMENTS" | "ELEMENTS ABSENT", None) => options.elements = true,
                ("ELEMENTS XSINIL", None) => (options.elements, options.nil) = (true, true),
                ("TYPE", None) => options.typed = true,
                ("BINARY BASE64", None) => {}
                ("XMLSCHEMA" | "XMLDATA", _) => {
                    return Err(errors::unsupported(format_args!("FOR XML {}", option.name)));
                }
                (other, _) => return Err(errors::syntax_near(other)),
            }
        }
        Ok(options)
    }
}

/// Of PATH: a column's name is where its value goes.
fn path_shape(query: &BoundQuery, options: &Options) -> Result<Shape, SqlError> {
    let row = options.row.clone().unwrap_or_else(|| "row".to_owned());
    if !row.is_empty() {
        check_name(&row, &row)?;
    }
    let mut columns = Vec::with_capacity(query.columns.len());
    for (index, column) in query.columns.iter().enumerate() {
        let xml = is_xml(query, index);
        let mut path: Vec<String> = column.name.split('/').map(str::to_owned).collect();
        let last = path.pop().unwrap_or_default();
        let text = if xml { Leaf::Xml } else { Leaf::Text };
        let leaf = match last.as_str() {
            "" | "*" | "node()" => text,
            "text()" => Leaf::Text,
            "data()" => Leaf::Data,
            "comment()" => Leaf::Comment,
            name => {
                let instruction = name
                    .strip_prefix("processing-instruction(")
                    .and_then(|name| name.strip_suffix(')'));
                if let Some(name) = instruction {
                    Leaf::Instruction(name.to_owned())
                } else if let Some(name) = name.strip_prefix('@') {
                    check_name(name, &column.name)?;
                    if row.is_empty() && path.is_empty() {
                        return Err(errors::xml_attribute_without_row());
                    }
                    Leaf::Attribute(name.to_owned())
                } else {
                    path.push(name.to_owned());
                    text
                }
            }
        };
        for name in &path {
            check_name(name, &column.name)?;
        }
        columns.push(Column { path, leaf });
    }
    Ok(Shape { row: (!row.is_empty()).then_some(row), columns, nil: options.nil })
}

/// Of RAW and AUTO: columns are attributes, or elements with ELEMENTS.
fn named_shape(query: &BoundQuery, options: &Options, row: &str) -> Result<Shape, SqlError> {
    let row = options.row.as_deref().unwrap_or(row);
    let mut columns = Vec::with_capacity(query.columns.len());
    for (index, column) in query.columns.iter().enumerate() {
        let xml = is_xml(query, index);
        let name = encoded(&column.name);
        if name.is_empty() && !xml {
            return Err(errors::xml_unnamed());
        }
        columns.push(match (options.elements, xml) {
            (_, true) if name.is_empty() => Column { path: Vec::new(), leaf: Leaf::Xml },
            (_, true) => Column { path: vec![name], leaf: Leaf::Xml },
            (true, false) => Column { path: vec![name], leaf: Leaf::Text },
            (false, false) => Column { path: Vec::new(), leaf: Leaf::Attribute(name) },
        });
    }
    let row = (!row.is_empty()).then(|| encoded(row));
    Ok(Shape { row, columns, nil: options.nil })
}

/// The rows' texts one after the other.
fn rows_text(query: &BoundQuery, id: u32, shape: Shape) -> Bound {
    let types: Vec<SqlType> = query.columns.iter().map(|column| column.sql_type).collect();
    let cells = query.columns.iter().enumerate();
    let cells: Vec<Bound> =
        cells.map(|(index, column)| derived_column(id, index, column)).collect();
    let row = Function {
        name: super::call::short(format!("for_xml({shape:?},{types:?})")),
        arguments: types.clone(),
        strict: false,
        deterministic: true,
        body: Body::Values(Box::new(move |values| shape.text(values, &types).map(Value::Text))),
    };
    let row = coerce::call(row, cells, TEXT, false);
    let function = Function {
        name: "join_xml".to_owned(),
        arguments: vec![TEXT],
        strict: false,
        deterministic: true,
        body: Body::Collect(Box::new(|rows| {
            let texts = rows.iter().filter_map(|row| match &row[0] {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            });
            Ok(Value::Text(texts.collect()))
        })),
    };
    aggregate(AggregateName::Own(Arc::new(function)), vec![row], TEXT)
}

/// The text itself: it marks what has the type `xml`.
fn typed() -> Function {
    Function {
        name: "xml_typed".to_owned(),
        arguments: vec![TEXT],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(|values| Ok(values[0].clone()))),
    }
}

/// Whether a value is a query with FOR XML …, TYPE.
fn is_typed(value: &Bound) -> bool {
    let Kind::Scalar(query) = &value.kind else { return false };
    let BoundBody::Select(select) = &query.body else { return false };
    matches!(&select.items[..], [Bound { kind: Kind::Call { function, .. }, .. }] if function.name == typed().name)
}

fn is_xml(query: &BoundQuery, index: usize) -> bool {
    matches!(&query.body, BoundBody::Select(select) if is_typed(&select.items[index]))
}

/// # Errors
/// 6850 for a name that XML doesn't allow.
fn check_name(name: &str, column: &str) -> Result<(), SqlError> {
    match name.char_indices().find(|(at, c)| !is_name_character(*at == 0, *c)) {
        Some((_, fault)) => Err(errors::xml_name(column, fault)),
        None if name.is_empty() => Err(errors::xml_name(column, '/')),
        None => Ok(()),
    }
}

/// A name with the characters that XML doesn't allow written as `_x0020_`.
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        if is_name_character(at == 0, c) && c != ':' {
            encoded.push(c);
        } else {
            encoded.push_str(&format!("_x{:04X}_", u32::from(c)));
        }
    }
    encoded
}

fn is_name_character(first: bool, c: char) -> bool {
    c.is_alphabetic()
        || matches!(c, '_' | ':')
        || (!first && (c.is_numeric() || matches!(c, '-' | '.' | '·')))
}
