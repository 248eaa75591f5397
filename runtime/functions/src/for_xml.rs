//! The text of FOR XML ("FOR XML (SQL Server)", "Use PATH mode with FOR XML", "Use RAW mode with
//! FOR XML").

use launchpod_types::{SqlError, SqlType, Value};

use super::convert;
use super::for_json::base64;
use crate::errors;

/// The attribute that names XMLSchema-instance, of which `xsi:nil` is.
const NAMESPACE: &str = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

/// What the elements of rows are.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The element of a row; none with PATH('').
    pub row: Option<String>,
    /// Where its values go, one for each column.
    pub columns: Vec<Column>,
    /// Whether NULL is an element with `xsi:nil`.
    pub nil: bool,
}

/// Where the value of a column goes.
#[derive(Clone, Debug)]
pub struct Column {
    /// The elements around it, below that of the row.
    pub path: Vec<String>,
    /// What it is there.
    pub leaf: Leaf,
}

/// What a column becomes in the innermost of its elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// An attribute of this name.
    Attribute(String),
    /// Text.
    Text,
    /// Text with a blank before it when it follows another.
    Data,
    /// XML that stands as it is.
    Xml,
    /// A comment.
    Comment,
    /// A processing instruction for this target.
    Instruction(String),
}

/// Writes elements one after the other, each open as long as the next column is within it.
#[derive(Default)]
struct Writer {
    text: String,
    open: Vec<String>,
    /// Whether the last start tag still takes attributes.
    in_tag: bool,
    /// Whether the last thing written was data.
    after_data: bool,
}

// === impl Shape ===

impl Shape {
    /// The text of one row.
    ///
    /// # Errors
    /// 6852 for an attribute after the content of its element.
    pub fn text(&self, values: &[Value], types: &[SqlType]) -> Result<String, SqlError> {
        let mut writer = Writer::default();
        if let Some(row) = &self.row {
            writer.open(row);
            if self.nil {
                writer.text.push_str(NAMESPACE);
            }
        }
        let base = writer.open.len();
        for ((column, value), sql_type) in self.columns.iter().zip(values).zip(types) {
            let attribute = matches!(column.leaf, Leaf::Attribute(_));
            if value.is_null() && (!self.nil || attribute || column.path.is_empty()) {
                continue;
            }
            writer.go_to(base, &column.path);
            if value.is_null() {
                writer.text.push_str(" xsi:nil=\"true\"");
                continue;
            }
            writer.put(&column.leaf, value, *sql_type)?;
        }
        writer.close_to(0);
        Ok(writer.text)
    }
}

// === impl Writer ===

impl Writer {
    fn open(&mut self, name: &str) {
        self.end_tag();
        self.text.push('<');
        self.text.push_str(name);
        self.open.push(name.to_owned());
        self.in_tag = true;
    }

    fn end_tag(&mut self) {
        if std::mem::take(&mut self.in_tag) {
            self.text.push('>');
        }
        self.after_data = false;
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            let Some(name) = self.open.pop() else { return };
            if std::mem::take(&mut self.in_tag) {
                self.text.push_str("/>");
            } else {
                self.text.push_str(&format!("</{name}>"));
            }
            self.after_data = false;
        }
    }

    /// Opens and closes elements until those of a path are open.
    fn go_to(&mut self, base: usize, path: &[String]) {
        let same = self.open[base..].iter().zip(path).take_while(|(a, b)| a == b).count();
        self.close_to(base + same);
        for name in &path[same..] {
            self.open(name);
        }
    }

    fn put(&mut self, leaf: &Leaf, value: &Value, sql_type: SqlType) -> Result<(), SqlError> {
        let content = content(value, sql_type)?;
        if let Leaf::Attribute(name) = leaf {
            if !self.in_tag {
                return Err(errors::xml_late_attribute(name));
            }
            self.text.push_str(&format!(" {name}=\""));
            escape(&mut self.text, &content, true);
            self.text.push('"');
            return Ok(());
        }
        let after_data = self.after_data;
        self.end_tag();
        match leaf {
            Leaf::Xml => self.text.push_str(&content),
            Leaf::Comment => self.text.push_str(&format!("<!--{content}-->")),
            Leaf::Instruction(name) => self.text.push_str(&format!("<?{name} {content}?>")),
            Leaf::Data | Leaf::Text | Leaf::Attribute(_) => {
                let data = *leaf == Leaf::Data;
                if data && after_data {
                    self.text.push(' ');
                }
                escape(&mut self.text, &content, false);
                self.after_data = data;
            }
        }
        Ok(())
    }
}

/// A value as XML Schema writes it.
fn content(value: &Value, sql_type: SqlType) -> Result<String, SqlError> {
    let style = match value {
        Value::Binary(bytes) => return Ok(base64(bytes)),
        Value::Text(text) => return Ok(text.clone()),
        Value::Bit(bit) => return Ok(u8::from(*bit).to_string()),
        Value::Float(_) | Value::Real(_) => 2,
        Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::DateTimeOffset { .. } => 126,
        Value::Decimal(_) if matches!(sql_type, SqlType::Money | SqlType::SmallMoney) => 2,
        _ => 0,
    };
    match convert::convert(value, sql_type, SqlType::NVARCHAR_MAX, style, convert::Fit::Cut)? {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(errors::internal("a value without a text")),
    }
}

fn escape(to: &mut String, text: &str, attribute: bool) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '\r' => to.push_str("&#x0D;"),
            '"' if attribute => to.push_str("&quot;"),
            '\n' if attribute => to.push_str("&#x0A;"),
            '\t' if attribute => to.push_str("&#x09;"),
            c if u32::from(c) < 32 && !matches!(c, '\n' | '\t') => {
                to.push_str(&format!("&#x{:02X};", u32::from(c)));
            }
            c => to.push(c),
        }
    }
}

/// The text within XML that FOR XML has made: without its tags, and with its entities undone.
pub fn text_within(xml: &str) -> String {
    let mut text = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with('<') { rest.find('>') } else { rest.find(';') };
        // What FOR XML writes has an end to each of its tags and entities.
        let Some(end) = end else { break };
        if let Some(entity) = rest[..end].strip_prefix('&') {
            text.push_str(&character(entity));
        }
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    text
}

fn character(entity: &str) -> String {
    match entity {
        "amp" => "&".to_owned(),
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        _ => {
            let code = entity.strip_prefix("#x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
            code.and_then(char::from_u32).map(String::from).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_comes_back() {
        let text = "a < b && \"c\" > 'd'\r\n\u{1}é";
        let mut escaped = String::new();
        escape(&mut escaped, text, false);
        assert_eq!(escaped, "a &lt; b &amp;&amp; \"c\" &gt; 'd'&#x0D;\n&#x01;é");
        assert_eq!(text_within(&format!("<a b=\"x\">{escaped}</a><c/>")), text);
    }
}
