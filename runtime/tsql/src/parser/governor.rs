//! The Resource Governor's statements.

use launchpod_types::Decimal;

use super::{Parser, Result};
use crate::ast::{
    Affinity, Governor, GroupDefinition, Identifier, Literal, PoolDefinition, Setting,
    SettingValue, StatementKind,
};
use crate::lexer::TokenKind;

/// What can be set of a resource pool, of a pool of external processes, of a workload group
/// ("CREATE RESOURCE POOL", "CREATE EXTERNAL RESOURCE POOL", "CREATE WORKLOAD GROUP").
const POOL_SETTINGS: [&str; 7] = [
    "MIN_CPU_PERCENT",
    "MAX_CPU_PERCENT",
    "CAP_CPU_PERCENT",
    "MIN_MEMORY_PERCENT",
    "MAX_MEMORY_PERCENT",
    "MIN_IOPS_PER_VOLUME",
    "MAX_IOPS_PER_VOLUME",
];
const EXTERNAL_POOL_SETTINGS: [&str; 3] =
    ["MAX_CPU_PERCENT", "MAX_MEMORY_PERCENT", "MAX_PROCESSES"];
const GROUP_SETTINGS: [&str; 6] = [
    "IMPORTANCE",
    "REQUEST_MAX_MEMORY_GRANT_PERCENT",
    "REQUEST_MAX_CPU_TIME_SEC",
    "REQUEST_MEMORY_GRANT_TIMEOUT_SEC",
    "MAX_DOP",
    "GROUP_MAX_REQUESTS",
];

// === impl Parser ===

impl Parser<'_> {
    /// Reads `[EXTERNAL] RESOURCE POOL …` or `WORKLOAD GROUP …` after CREATE or ALTER, and
    /// `RESOURCE GOVERNOR …` after ALTER, if one stands here.
    pub(super) fn define_governed(&mut self, alter: bool) -> Result<Option<StatementKind>> {
        let governor = if self.accept_words(&["WORKLOAD", "GROUP"]) {
            Governor::Group(self.workload_group(alter)?)
        } else if self.accept_words(&["EXTERNAL", "RESOURCE", "POOL"]) {
            Governor::Pool(self.resource_pool(alter, true)?)
        } else if self.accept_words(&["RESOURCE", "POOL"]) {
            Governor::Pool(self.resource_pool(alter, false)?)
        } else if alter && self.accept_words(&["RESOURCE", "GOVERNOR"]) {
            self.resource_governor()?
        } else {
            return Ok(None);
        };
        Ok(Some(StatementKind::Governor(Box::new(governor))))
    }

    /// Reads the same after DROP.
    pub(super) fn drop_governed(&mut self) -> Result<Option<StatementKind>> {
        let governor = if self.accept_words(&["WORKLOAD", "GROUP"]) {
            Governor::DropGroup(self.pool_name()?)
        } else if self.accept_words(&["EXTERNAL", "RESOURCE", "POOL"]) {
            Governor::DropPool { external: true, name: self.pool_name()? }
        } else if self.accept_words(&["RESOURCE", "POOL"]) {
            Governor::DropPool { external: false, name: self.pool_name()? }
        } else {
            return Ok(None);
        };
        Ok(Some(StatementKind::Governor(Box::new(governor))))
    }

    fn resource_pool(&mut self, alter: bool, external: bool) -> Result<PoolDefinition> {
        let name = self.pool_name()?;
        let (mut settings, mut affinity) = (Vec::new(), None);
        let known = if external { &EXTERNAL_POOL_SETTINGS[..] } else { &POOL_SETTINGS[..] };
        self.settings(|parser| {
            if parser.at_word("AFFINITY") && affinity.is_none() {
                parser.advance();
                affinity = Some(parser.affinity(external)?);
                return Ok(());
            }
            let setting = parser.setting(known, &settings)?;
            settings.push(setting);
            Ok(())
        })?;
        Ok(PoolDefinition { alter, external, name, settings, affinity })
    }

    fn workload_group(&mut self, alter: bool) -> Result<GroupDefinition> {
        let name = self.pool_name()?;
        let mut settings = Vec::new();
        self.settings(|parser| {
            let setting = parser.setting(&GROUP_SETTINGS, &settings)?;
            settings.push(setting);
            Ok(())
        })?;
        let (mut pool, mut external_pool) = (None, None);
        if self.accept_word("USING") {
            if !self.at_word("EXTERNAL") {
                pool = Some(self.pool_name()?);
                // `, EXTERNAL pool` and `EXTERNAL pool`.
                if self.symbol_ahead(0, ",") && self.word_ahead(1, "EXTERNAL") {
                    self.advance();
                }
            }
            if self.accept_word("EXTERNAL") {
                external_pool = Some(self.pool_name()?);
            }
        }
        Ok(GroupDefinition { alter, name, settings, pool, external_pool })
    }

    fn resource_governor(&mut self) -> Result<Governor> {
        if self.accept_word("RECONFIGURE") {
            return Ok(Governor::Reconfigure);
        }
        if self.accept_word("DISABLE") {
            return Ok(Governor::Disable);
        }
        if self.accept_words(&["RESET", "STATISTICS"]) {
            return Ok(Governor::ResetStatistics);
        }
        self.expect_word("WITH")?;
        self.expect("(")?;
        let governor = if self.accept_word("CLASSIFIER_FUNCTION") {
            self.expect("=")?;
            let none = self.accept_word("NULL");
            Governor::Classifier(if none { None } else { Some(self.object_name()?) })
        } else {
            Governor::MaxOutstandingIo(self.setting(&["MAX_OUTSTANDING_IO_PER_VOLUME"], &[])?)
        };
        self.expect(")")?;
        Ok(governor)
    }

    /// Reads the name of a pool or group. `"default"` is one even where double quotes make texts
    /// (SET QUOTED_IDENTIFIER OFF, which sqlcmd begins with).
    fn pool_name(&mut self) -> Result<Identifier> {
        if self.kind() == TokenKind::String {
            let start = self.position;
            let text = self.string()?;
            if !text.eq_ignore_ascii_case("default") {
                self.position = start;
                return self.unexpected();
            }
            return Ok(Identifier { text, quoted: true });
        }
        self.identifier()
    }

    /// Reads `WITH (item [,] item …)`, if it stands here.
    fn settings(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        // What else could begin with WITH is another statement's common table expression.
        if !(self.at_word("WITH") && self.symbol_ahead(1, "(")) {
            return Ok(());
        }
        self.advance();
        self.expect("(")?;
        item(self)?;
        while !self.accept(")") {
            self.accept(",");
            item(self)?;
        }
        Ok(())
    }

    /// Reads `NAME = value`, a name that is known and wasn't said before.
    fn setting(&mut self, known: &[&str], before: &[Setting]) -> Result<Setting> {
        let name = self.text().to_ascii_uppercase();
        if !self.at_any_word(known) || before.iter().any(|other| other.name == name) {
            return self.unexpected();
        }
        self.advance();
        self.expect("=")?;
        let value = if name == "IMPORTANCE" {
            if !self.at_any_word(&["LOW", "MEDIUM", "HIGH"]) {
                return self.unexpected();
            }
            let word = self.text().to_ascii_uppercase();
            self.advance();
            SettingValue::Word(word)
        } else {
            SettingValue::Number(self.setting_number()?)
        };
        Ok(Setting { name, value })
    }

    fn setting_number(&mut self) -> Result<Decimal> {
        match self.signed_literal()? {
            Literal::Integer(value) => Ok(Decimal::new(value.into(), 0)),
            Literal::Decimal(value) => Ok(value),
            _ => self.unexpected(),
        }
    }

    fn affinity(&mut self, external: bool) -> Result<Affinity> {
        let processors = if external { "CPU" } else { "SCHEDULER" };
        if self.accept_word("NUMANODE") {
            self.expect("=")?;
            return Ok(Affinity::Nodes(self.parenthesized(Self::range)?));
        }
        self.expect_word(processors)?;
        self.expect("=")?;
        if self.accept_word("AUTO") {
            return Ok(Affinity::Auto);
        }
        // As "CREATE EXTERNAL RESOURCE POOL" writes it.
        if self.accept_word("NUMANODE") {
            self.expect("=")?;
            return Ok(Affinity::Nodes(self.parenthesized(Self::range)?));
        }
        Ok(Affinity::Processors(self.parenthesized(Self::range)?))
    }

    /// Reads `number` or `number TO number`.
    fn range(&mut self) -> Result<(i32, i32)> {
        let first = self.processor()?;
        let last = if self.accept_word("TO") { self.processor()? } else { first };
        Ok((first, last))
    }

    fn processor(&mut self) -> Result<i32> {
        match self.signed_literal()? {
            Literal::Integer(number @ 0..) => Ok(number),
            _ => self.unexpected(),
        }
    }
}
