//! Sequences.

use launchpod_types::Decimal;

use super::{Parser, Result};
use crate::ast::{
    ExprKind, Literal, SequenceCache, SequenceDefinition, SequenceLimit, SequenceRestart,
    StatementKind, Window,
};
use crate::error::ParseErrorKind;

// === impl Parser ===

impl Parser<'_> {
    /// Reads what stands after `CREATE SEQUENCE` or `ALTER SEQUENCE`.
    pub(super) fn sequence(&mut self, alter: bool) -> Result<StatementKind> {
        let mut sequence = SequenceDefinition {
            name: self.object_name()?,
            alter,
            type_name: None,
            start: None,
            restart: None,
            increment: None,
            minimum: None,
            maximum: None,
            cycle: None,
            cache: None,
        };
        let first = self.position;
        while self.sequence_option(&mut sequence)? {}
        if alter && self.position == first {
            return self.error(ParseErrorKind::SequenceUnchanged);
        }
        Ok(StatementKind::Sequence(Box::new(sequence)))
    }

    /// Reads one option; whether there was one.
    fn sequence_option(&mut self, sequence: &mut SequenceDefinition) -> Result<bool> {
        let alter = sequence.alter;
        if self.at_word("AS") {
            self.once("AS", sequence.type_name.is_some(), alter)?;
            self.advance();
            sequence.type_name = Some(self.type_name()?);
        } else if self.at_words(&["START", "WITH"]) {
            self.once("START WITH", sequence.start.is_some(), alter)?;
            self.position += 2;
            sequence.start = Some(self.sequence_value()?);
        } else if self.at_word("RESTART") {
            self.once("RESTART WITH", sequence.restart.is_some(), !alter)?;
            self.advance();
            sequence.restart = Some(match self.accept_word("WITH") {
                true => SequenceRestart::With(self.sequence_value()?),
                false => SequenceRestart::Start,
            });
        } else if self.at_words(&["INCREMENT", "BY"]) {
            self.once("INCREMENT BY", sequence.increment.is_some(), false)?;
            self.position += 2;
            sequence.increment = Some(self.sequence_value()?);
        } else if let Some(limit) = self.sequence_limit("MINVALUE", sequence.minimum.is_some())? {
            sequence.minimum = Some(limit);
        } else if let Some(limit) = self.sequence_limit("MAXVALUE", sequence.maximum.is_some())? {
            sequence.maximum = Some(limit);
        } else if self.at_word("CYCLE") || self.at_words(&["NO", "CYCLE"]) {
            self.once("CYCLE", sequence.cycle.is_some(), false)?;
            sequence.cycle = Some(!self.accept_word("NO"));
            self.advance();
        } else if self.at_word("CACHE") || self.at_words(&["NO", "CACHE"]) {
            self.once("CACHE", sequence.cache.is_some(), false)?;
            let none = self.accept_word("NO");
            self.advance();
            sequence.cache = Some(match none {
                true => SequenceCache::None,
                false if self.at_sequence_value() => SequenceCache::Size(self.sequence_value()?),
                false => SequenceCache::Default,
            });
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads `MINVALUE [value]` or `NO MINVALUE`, if it stands here.
    fn sequence_limit(&mut self, word: &'static str, seen: bool) -> Result<Option<SequenceLimit>> {
        if self.at_words(&["NO", word]) {
            self.once(word, seen, false)?;
            self.position += 2;
            return Ok(Some(SequenceLimit::OfType));
        }
        if !self.at_word(word) {
            return Ok(None);
        }
        self.once(word, seen, false)?;
        self.advance();
        let given = self.at_sequence_value();
        let value = given.then(|| self.sequence_value()).transpose()?;
        Ok(Some(value.map_or(SequenceLimit::OfType, SequenceLimit::Value)))
    }

    /// Refuses an option that was there before, or that is another statement's.
    fn once(&self, argument: &'static str, seen: bool, elsewhere: bool) -> Result<()> {
        match (seen, elsewhere) {
            (_, true) => self.error(match argument {
                "AS" => ParseErrorKind::SequenceTypeInAlter,
                "START WITH" => ParseErrorKind::SequenceStartInAlter,
                _ => ParseErrorKind::SequenceRestartInCreate,
            }),
            (true, _) => self.error(ParseErrorKind::SequenceArgumentTwice { argument }),
            _ => Ok(()),
        }
    }

    fn at_sequence_value(&self) -> bool {
        self.at_literal() || self.at("-") || self.at("+")
    }

    fn sequence_value(&mut self) -> Result<Decimal> {
        match self.signed_literal()? {
            Literal::Integer(value) => Ok(Decimal::new(value.into(), 0)),
            Literal::Decimal(value) => Ok(value),
            _ => self.unexpected(),
        }
    }

    /// Reads the rest of `NEXT VALUE FOR sequence [OVER (ORDER BY …)]`.
    pub(super) fn next_value(&mut self) -> Result<ExprKind> {
        let line = self.line();
        let name = Box::new(self.object_name()?);
        if self.in_function {
            return self.error(ParseErrorKind::NextValueInFunction);
        }
        self.sequences.push((*name).clone());
        let over = match self.accept_word("OVER") {
            true => Some(Box::new(self.sequence_window(line)?)),
            false => None,
        };
        Ok(ExprKind::NextValue { name, over })
    }

    /// Reads a window that says nothing but an order.
    fn sequence_window(&mut self, line: u32) -> Result<Window> {
        let window = self.window()?;
        let refused = if !window.partition_by.is_empty() {
            ParseErrorKind::NextValuePartitioned
        } else if window.frame.is_some() {
            ParseErrorKind::NextValueFramed
        } else if window.order_by.is_empty() && window.base.is_none() {
            ParseErrorKind::NextValueUnordered
        } else {
            return Ok(window);
        };
        Err(super::Failure::Invalid(crate::ParseError { kind: refused, line }))
    }
}
