//! Constants.

use launchpod_types::Decimal;

use super::{Parser, Result};
use crate::ast::Literal;
use crate::error::ParseErrorKind;
use crate::lexer::TokenKind;

/// Digits after the point of `money`.
const MONEY_SCALE: u8 = 4;

// === impl Parser ===

impl Parser<'_> {
    pub(super) fn at_literal(&self) -> bool {
        matches!(
            self.kind(),
            TokenKind::String | TokenKind::Number | TokenKind::Money | TokenKind::Binary
        ) || self.at_word("NULL")
    }

    pub(super) fn literal(&mut self) -> Result<Literal> {
        let text = self.text();
        let literal = match self.kind() {
            TokenKind::String => {
                let unicode = text.starts_with(['N', 'n']);
                Literal::String { text: unquote(text), unicode }
            }
            TokenKind::Number => match number(text) {
                Ok(literal) => literal,
                Err(kind) => return self.error(kind),
            },
            TokenKind::Money => match money(text) {
                Some(units) => Literal::Money(units),
                None => {
                    return self.error(ParseErrorKind::NumberRange { literal: text.to_owned() });
                }
            },
            TokenKind::Binary => Literal::Binary(bytes(&text[2..])),
            _ if self.at_word("NULL") => Literal::Null,
            _ => return self.unexpected(),
        };
        self.advance();
        Ok(literal)
    }

    /// Reads a constant with a sign, where no expression may stand.
    pub(super) fn signed_literal(&mut self) -> Result<Literal> {
        let negative = self.at("-");
        if (negative || self.at("+")) && !self.symbol_ahead(1, "-") {
            self.advance();
            if !matches!(self.kind(), TokenKind::Number | TokenKind::Money) {
                return self.unexpected();
            }
        }
        let literal = self.literal()?;
        Ok(if negative { negated(literal) } else { literal })
    }

    /// Reads a string constant as text.
    pub(super) fn string(&mut self) -> Result<String> {
        if self.kind() != TokenKind::String {
            return self.unexpected();
        }
        let token = self.advance();
        Ok(unquote(self.text_of(token)))
    }

    /// Reads a whole number that may have a sign.
    pub(super) fn whole_number(&mut self) -> Result<i64> {
        match self.signed_literal()? {
            Literal::Integer(value) => Ok(i64::from(value)),
            Literal::Decimal(Decimal { unscaled, scale: 0 }) => match i64::try_from(unscaled) {
                Ok(value) => Ok(value),
                Err(_) => self.unexpected(),
            },
            _ => self.unexpected(),
        }
    }
}

fn negated(literal: Literal) -> Literal {
    const BELOW_INTEGER: i128 = -(i32::MIN as i128);
    match literal {
        // But for money, a literal has no sign of its own, so its negation fits.
        Literal::Integer(value) => Literal::Integer(value.wrapping_neg()),
        Literal::Decimal(Decimal { unscaled: BELOW_INTEGER, scale: 0 }) => {
            Literal::Integer(i32::MIN)
        }
        Literal::Decimal(value) => Literal::Decimal(Decimal::new(-value.unscaled, value.scale)),
        Literal::Float(value) => Literal::Float(-value),
        Literal::Money(units) => Literal::Money(units.wrapping_neg()),
        other => other,
    }
}

/// The characters of a string literal: less its quotes, doubled ones undone, lines joined where
/// a backslash ends one.
fn unquote(literal: &str) -> String {
    let literal = literal.strip_prefix(['N', 'n']).unwrap_or(literal);
    let inner = literal.get(1..literal.len() - 1).unwrap_or_default();
    let text = if literal.starts_with('"') {
        inner.replace("\"\"", "\"")
    } else {
        inner.replace("''", "'")
    };
    if text.contains("\\\n") || text.contains("\\\r\n") {
        text.replace("\\\r\n", "").replace("\\\n", "")
    } else {
        text
    }
}

fn number(text: &str) -> std::result::Result<Literal, ParseErrorKind> {
    if text.contains(['e', 'E']) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Literal::Float(value)),
            _ => Err(ParseErrorKind::FloatRange { literal: text.to_owned() }),
        };
    }
    if let Ok(value) = text.parse::<i32>() {
        return Ok(Literal::Integer(value));
    }
    match text.parse() {
        Ok(value) => Ok(Literal::Decimal(value)),
        Err(_) => Err(ParseErrorKind::NumberRange { literal: text.to_owned() }),
    }
}

/// Reads `$1,234.50`; what is beyond the fourth digit is rounded.
fn money(text: &str) -> Option<i64> {
    let part = |c: &char| c.is_ascii_digit() || matches!(c, '.' | '-');
    let digits: String = text.chars().filter(part).collect();
    if digits.chars().all(|c| !c.is_ascii_digit()) {
        return Some(0);
    }
    let value: Decimal = digits.parse().ok()?;
    i64::try_from(value.rescale(MONEY_SCALE)?.unscaled).ok()
}

/// Reads hexadecimal digits; an odd one out counts as the low half of the first byte.
fn bytes(digits: &str) -> Vec<u8> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    };
    let digits = digits.as_bytes();
    let (odd, pairs) = digits.split_at(digits.len() % 2);
    let first = odd.iter().map(|&digit| value(digit));
    first.chain(pairs.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_type_of_its_spelling() {
        let decimal = |unscaled, scale| Literal::Decimal(Decimal::new(unscaled, scale));
        assert_eq!(number("2147483647"), Ok(Literal::Integer(i32::MAX)));
        assert_eq!(number("2147483648"), Ok(decimal(2_147_483_648, 0)));
        assert_eq!(number("1.50"), Ok(decimal(150, 2)));
        assert_eq!(number("1."), Ok(decimal(1, 0)));
        assert_eq!(number(".5"), Ok(decimal(5, 1)));
        assert_eq!(number("1.5E3"), Ok(Literal::Float(1500.0)));
        assert!(matches!(number("1e309"), Err(ParseErrorKind::FloatRange { .. })));
        assert!(matches!(number(&"9".repeat(39)), Err(ParseErrorKind::NumberRange { .. })));
    }

    #[test]
    fn money_has_four_digits() {
        assert_eq!(money("$12.50"), Some(125_000));
        assert_eq!(money("$1,234"), Some(12_340_000));
        assert_eq!(money("$0.00005"), Some(1));
        assert_eq!(money("$"), Some(0));
        assert_eq!(money("$-1.5"), Some(-15_000));
        assert_eq!(money("$+1.5"), Some(15_000));
        assert_eq!(money("$-922337203685477.5808"), Some(i64::MIN));
        assert_eq!(money("$922337203685477.5808"), None);
    }

    #[test]
    fn bytes_are_pairs_of_digits() {
        assert_eq!(bytes("0aFf"), [0x0a, 0xff]);
        assert_eq!(bytes("abc"), [0x0a, 0xbc]);
        assert_eq!(bytes(""), [0_u8; 0]);
    }

    #[test]
    fn strings_undo_their_quotes_and_continued_lines() {
        assert_eq!(unquote("'it''s'"), "it's");
        assert_eq!(unquote("N'a\\\nb\\\r\nc\\d'"), "abc\\d");
        assert_eq!(unquote("\"a\"\"b'\""), "a\"b'");
        assert_eq!(unquote("''"), "");
    }
}
