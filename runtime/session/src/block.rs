//! Statements one after the other, and control flow.

use launchpod_database::Action;
use launchpod_tsql::ast::{Declaration, Expr, Security, Statement, StatementKind};
use launchpod_types::{Message, SqlError, SqlType, Value};

use crate::deep::Deep;
use crate::insert_execute::is_execute;
use crate::procedures::drops_temporary;
use crate::reply::DoneKind;
use crate::run::{Flow, Run, Stop};

impl Run<'_> {
    /// Runs statements in order until one leaves the block.
    ///
    /// A statement that fails is reported and the next one runs, as in SQL Server, unless the
    /// error is of the kind that ends a batch.
    pub async fn block(&mut self, statements: &[Statement]) -> Result<Flow, Stop> {
        let mut next = 0;
        while let Some(statement) = statements.get(next) {
            next += 1;
            match self.statement(statement).await {
                Ok(Flow::Next) => {}
                Ok(Flow::Goto(label)) => match place_of(statements, &label) {
                    Some(place) => {
                        next = place;
                        // A loop of jumps alone must let others run.
                        tokio::task::yield_now().await;
                    }
                    None => return Ok(Flow::Goto(label)),
                },
                Ok(leave) => return Ok(leave),
                Err(Stop::Failed(errors)) if self.scope.catching() => {
                    let unbound = errors.iter().any(ends_text);
                    return Err(self.thrown(statement, errors, unbound).await);
                }
                Err(Stop::CallFailed(errors)) if self.scope.catching() => {
                    return Err(self.thrown(statement, errors, false).await);
                }
                Err(Stop::Failed(errors)) => {
                    // Where a statement ends that the parser doesn't read is a guess.
                    let opaque = matches!(statement.kind, StatementKind::Opaque(_));
                    let ends_text = opaque || errors.iter().any(ends_text);
                    let thrown = matches!(statement.kind, StatementKind::Throw(_));
                    self.failed(statement, errors).await?;
                    if thrown {
                        return Err(Stop::Over);
                    }
                    if ends_text {
                        return Err(Stop::TextOver);
                    }
                }
                Err(Stop::CallFailed(errors)) => self.failed(statement, errors).await?,
                Err(Stop::Unbound(errors)) if !self.scope.catching() => {
                    self.failed(statement, errors).await?;
                    return Err(Stop::TextOver);
                }
                Err(over) => return Err(over),
            }
            if self.cancel.is_cancelled() {
                return Err(Stop::Over);
            }
        }
        Ok(Flow::Next)
    }

    /// Reports the errors of a statement, and ends the batch if they do.
    pub async fn failed(
        &mut self,
        statement: &Statement,
        errors: Vec<Message>,
    ) -> Result<(), Stop> {
        let errors = self.located(errors, statement.line);
        // A deadlock's victim has lost its transaction, and the batch ends (1205).
        let abort = self.session.options.abort_transaction || errors.iter().any(is_deadlock);
        let ends_batch = abort || errors.iter().any(ends_batch);
        let mut messages = errors;
        if !ends_batch && is_change(&statement.kind) && messages.iter().any(ends_statement) {
            let terminated = Message::info(3621, "The statement has been terminated.");
            messages.append(&mut self.located(vec![terminated], statement.line));
        }
        self.report(messages, done_kind(&statement.kind)).await?;
        if abort {
            self.roll_back().await?;
        }
        if ends_batch { Err(Stop::Over) } else { Ok(()) }
    }

    /// Runs one statement, which may hold statements.
    fn statement<'b>(&'b mut self, statement: &'b Statement) -> Deep<'b, Result<Flow, Stop>> {
        Deep::new(async move {
            if self.is_skipped(&statement.kind) {
                return Ok(Flow::Next);
            }
            match &statement.kind {
                StatementKind::Block(statements) => return self.block(statements).await,
                // Under FMTONLY every branch is described, once.
                StatementKind::If { then, otherwise, .. } if self.session.options.format_only => {
                    self.block(std::slice::from_ref(then)).await?;
                    if let Some(otherwise) = otherwise {
                        self.block(std::slice::from_ref(otherwise)).await?;
                    }
                }
                StatementKind::While { body, .. } if self.session.options.format_only => {
                    self.block(std::slice::from_ref(body)).await?;
                }
                StatementKind::If { condition, then, otherwise } => {
                    if self.holds(condition).await? {
                        return self.block(std::slice::from_ref(then)).await;
                    }
                    if let Some(otherwise) = otherwise {
                        return self.block(std::slice::from_ref(otherwise)).await;
                    }
                }
                StatementKind::While { condition, body } => {
                    while self.holds(condition).await? {
                        match self.block(std::slice::from_ref(body)).await? {
                            Flow::Next | Flow::Continue => {}
                            Flow::Break => break,
                            leave => return Ok(leave),
                        }
                    }
                }
                StatementKind::Break => return Ok(Flow::Break),
                StatementKind::Continue => return Ok(Flow::Continue),
                StatementKind::Return(None) => return Ok(Flow::Return(0)),
                StatementKind::Return(Some(value)) => {
                    let status = self.value(value, SqlType::Int).await?;
                    // NULL can't be returned: SQL Server returns 0 with a warning.
                    return Ok(Flow::Return(as_status(&status)));
                }
                StatementKind::Print(value) => self.print(value).await?,
                StatementKind::Declare(declarations) => self.initialise_all(declarations).await?,
                StatementKind::SetVariable(set) if self.scope.cursors.has(&set.variable) => {
                    self.share_cursor(&set.variable, &set.value).await?;
                }
                StatementKind::SetVariable(set) => self.set_variable(set).await?,
                StatementKind::DeclareCursor(declare) => self.declare_cursor(declare).await?,
                StatementKind::SetCursor { variable, cursor } => {
                    self.set_cursor(variable, cursor).await?;
                }
                StatementKind::Open(cursor) => self.open_cursor(cursor).await?,
                StatementKind::Fetch(fetch) => self.fetch(fetch).await?,
                StatementKind::Close(cursor) => self.close_cursor(cursor).await?,
                StatementKind::Deallocate(cursor) => self.deallocate(cursor).await?,
                StatementKind::SetOption(set) => {
                    self.set_option(set).await?;
                    if self.is_of_module(set) {
                        self.session.globals.succeeded(0);
                        self.done(DoneKind::Other, None).await?;
                    } else {
                        self.forward(statement).await?;
                    }
                }
                StatementKind::Select(query) => match query.assigned() {
                    Some(assigned) => self.assign(statement, &assigned).await?,
                    None => self.forward(statement).await?,
                },
                StatementKind::Insert(insert) if is_execute(insert) => {
                    self.insert_execute(statement, insert).await?;
                }
                StatementKind::Update(update) if update.current_of.is_some() => {
                    self.change_current(statement, update.current_of.as_ref()).await?;
                }
                StatementKind::Update(update) if update.sets_variables() => {
                    self.update_and_assign(statement, &update.assigned()).await?;
                }
                StatementKind::Delete(delete) if delete.current_of.is_some() => {
                    self.change_current(statement, delete.current_of.as_ref()).await?;
                }
                StatementKind::CreateProcedure(procedure)
                    if procedure.name.is_temporary() || procedure.name.is_global_temporary() =>
                {
                    self.define_temporary(procedure)?;
                }
                StatementKind::Drop(drop) if drops_temporary(drop) => self.drop_temporary(drop)?,
                StatementKind::InsertBulk(_) => self.announce_load(statement).await?,
                StatementKind::Execute(execute) => self.execute_procedure(execute).await?,
                StatementKind::ExecuteText(execute) => self.execute_text(execute).await?,
                StatementKind::Reconfigure { .. } if !self.session.database.is_server() => {
                    self.session.database.permit(Action::Reconfigure).await?;
                    self.session.instance.reconfigure()?;
                    self.session.globals.succeeded(0);
                }
                StatementKind::TryCatch { body, handler } => {
                    return self.try_catch(body, handler).await;
                }
                StatementKind::RaiseError(raise) => self.raise_error(raise).await?,
                StatementKind::Throw(throw) => self.throw(throw.as_ref()).await?,
                StatementKind::WaitFor(wait) => self.wait(wait).await?,
                StatementKind::Goto(label) => return Ok(Flow::Goto(label.fold())),
                StatementKind::Label(_) => {}
                // The server isn't told where what is called ends: there must be a way back.
                StatementKind::Security(security)
                    if has_no_way_back(security)
                        && self.scope.depth > 1
                        && self.session.database.is_server() =>
                {
                    return Err(unsupported("EXECUTE AS … WITH in what is called"));
                }
                StatementKind::Kill(_) if !self.session.database.is_server() => {
                    return Err(unsupported("KILL"));
                }
                // All others are the database's: what it doesn't know, it says so itself.
                _ => self.forward(statement).await?,
            }
            Ok(Flow::Next)
        })
    }

    /// Whether a predicate is true (neither false nor unknown).
    async fn holds(&mut self, condition: &Expr) -> Result<bool, Stop> {
        let text = self.source(condition);
        let question = format!("SELECT CASE WHEN {text} THEN 1 ELSE 0 END");
        let answer = self.ask(&question).await?;
        // IF and WHILE are statements too: after them @@ERROR and @@ROWCOUNT are 0.
        self.session.globals.succeeded(0);
        Ok(answer.and_then(|row| row.values.into_iter().next()) == Some(Value::Int(1)))
    }

    async fn print(&mut self, value: &Expr) -> Result<(), Stop> {
        let text = match self.value(value, SqlType::NVARCHAR_MAX).await? {
            Value::Text(text) => text,
            // PRINT NULL prints a blank.
            _ => " ".to_owned(),
        };
        let message = Message { line: value.line, ..Message::info(0, text) };
        self.message(message).await?;
        self.session.globals.succeeded(0);
        Ok(())
    }

    async fn initialise_all(&mut self, declarations: &[Declaration]) -> Result<(), Stop> {
        for declaration in declarations {
            // A table variable is there from the beginning of the text.
            if let Declaration::Variable { name, value, .. } = declaration {
                self.initialise(name, value.as_ref()).await?;
            }
        }
        Ok(())
    }
}

/// Whether REVERT alone doesn't end an EXECUTE AS.
fn has_no_way_back(security: &Security) -> bool {
    matches!(security, Security::ExecuteAs { no_revert, cookie, .. } if *no_revert || cookie.is_some())
}

/// Whether an error ends the whole batch: those of conversion do ("Database Engine error
/// severities", and observed with SQL Server), and the 32nd level of calls (217).
fn ends_batch(error: &Message) -> bool {
    const ENDING: [i32; 7] = [217, 241, 242, 244, 245, 248, 295];
    error.class >= 19 || ENDING.contains(&error.number)
}

/// Whether an error ends a change that has begun. It is then followed by message 3621 (observed
/// with SQL Server), unlike one that is found before the first row.
fn ends_statement(error: &Message) -> bool {
    const ENDING: [i32; 13] =
        [220, 232, 512, 515, 547, 550, 2601, 2627, 2628, 8115, 8134, 8152, 8672];
    ENDING.contains(&error.number)
}

/// Whether a statement changes rows.
fn is_change(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Insert(_)
            | StatementKind::Update(_)
            | StatementKind::Delete(_)
            | StatementKind::Merge(_)
    )
}

/// Whether a statement was the victim of a deadlock.
pub(crate) fn is_deadlock(error: &Message) -> bool {
    error.number == 1205
}

/// Whether an error ends the text it stands in, after which the caller goes on: those of
/// binding do (observed with SQL Server).
fn ends_text(error: &Message) -> bool {
    const BINDING: [i32; 11] = [102, 134, 137, 156, 195, 207, 208, 209, 1087, 4104, 8120];
    BINDING.contains(&error.number)
}

/// Where to go on after a jump to a label, when it is among the statements.
fn place_of(statements: &[Statement], label: &str) -> Option<usize> {
    let is_label = |statement: &Statement| matches!(&statement.kind, StatementKind::Label(name) if name.fold() == label);
    statements.iter().position(is_label)
}

/// The return status that a value gives.
fn as_status(value: &Value) -> i32 {
    match value {
        // The value was converted to int.
        Value::Int(status) => i32::try_from(*status).unwrap_or(0),
        _ => 0,
    }
}

/// Which command a statement is, for the token that ends it.
pub(crate) fn done_kind(kind: &StatementKind) -> DoneKind {
    match kind {
        StatementKind::Select(_) => DoneKind::Select,
        StatementKind::Insert(_) => DoneKind::Insert,
        StatementKind::Update(_) => DoneKind::Update,
        StatementKind::Delete(_) | StatementKind::Truncate(_) => DoneKind::Delete,
        StatementKind::Merge(_) => DoneKind::Merge,
        StatementKind::Execute(_) | StatementKind::ExecuteText(_) => DoneKind::Execute,
        _ => DoneKind::Other,
    }
}

/// The error for a statement that is not supported yet (40510's text).
pub(crate) fn unsupported(statement: &str) -> Stop {
    SqlError::new(
        40510,
        format!("Statement '{statement}' is not supported in this version of SQL Server."),
    )
    .into()
}
