//! Labels: each one once, and one for each GOTO ("GOTO (Transact-SQL)").

use std::collections::HashMap;

use crate::ast::{FunctionBody, Statement, StatementKind, fold_name};
use crate::error::{ParseError, ParseErrorKind};

/// The labels of a batch or a body, and its GOTOs.
#[derive(Default)]
struct Labels<'a> {
    /// By folded name, with the TRY and CATCH blocks that each stands in.
    labels: HashMap<String, Vec<usize>>,
    gotos: Vec<Goto<'a>>,
    /// How many TRY and CATCH blocks there are so far.
    blocks: usize,
    /// Those that are being walked, the outermost first.
    within: Vec<usize>,
}

struct Goto<'a> {
    label: &'a str,
    line: u32,
    within: Vec<usize>,
}

/// Checks the labels of a batch, and of the bodies that it defines.
///
/// # Errors
/// 132 for a label that is there twice, 133 for a GOTO without one, 1026 for a GOTO into a TRY
/// or CATCH block.
pub(super) fn check(statements: &[Statement]) -> Result<(), ParseError> {
    let mut labels = Labels::default();
    labels.walk(statements)?;
    labels.check_gotos()
}

// === impl Labels ===

impl<'a> Labels<'a> {
    fn walk(&mut self, statements: &'a [Statement]) -> Result<(), ParseError> {
        for statement in statements {
            match &statement.kind {
                StatementKind::Label(label) => {
                    let within = self.within.clone();
                    if self.labels.insert(label.fold(), within).is_some() {
                        let label = label.text.clone();
                        let kind = ParseErrorKind::LabelTwice { label };
                        return Err(ParseError { kind, line: statement.line });
                    }
                }
                StatementKind::Goto(label) => {
                    let (label, within) = (label.text.as_str(), self.within.clone());
                    self.gotos.push(Goto { label, line: statement.line, within });
                }
                StatementKind::Block(body) => self.walk(body)?,
                StatementKind::If { then, otherwise, .. } => {
                    self.walk(std::slice::from_ref(then))?;
                    if let Some(otherwise) = otherwise {
                        self.walk(std::slice::from_ref(otherwise))?;
                    }
                }
                StatementKind::While { body, .. } => self.walk(std::slice::from_ref(body))?,
                StatementKind::TryCatch { body, handler } => {
                    self.walk_within(body)?;
                    self.walk_within(handler)?;
                }
                StatementKind::CreateProcedure(procedure) => check(&procedure.body)?,
                StatementKind::CreateFunction(function) => match &function.body {
                    FunctionBody::Scalar { body, .. } | FunctionBody::Table { body, .. } => {
                        check(body)?;
                    }
                    FunctionBody::Inline(_) => {}
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn walk_within(&mut self, block: &'a [Statement]) -> Result<(), ParseError> {
        self.blocks += 1;
        self.within.push(self.blocks);
        let walked = self.walk(block);
        self.within.pop();
        walked
    }

    fn check_gotos(&self) -> Result<(), ParseError> {
        for Goto { label, line, within } in &self.gotos {
            let kind = match self.labels.get(&fold_name(label)) {
                None => ParseErrorKind::NoLabel { label: (*label).to_owned() },
                Some(blocks) if !within.starts_with(blocks) => ParseErrorKind::GotoIntoTry,
                Some(_) => continue,
            };
            return Err(ParseError { kind, line: *line });
        }
        Ok(())
    }
}
