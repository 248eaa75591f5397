//! EXECUTE AS in what is called ends with it ("EXECUTE AS (Transact-SQL)"). The server isn't told where
//! that is, since each statement of the interpreter's is a batch of its own there: so it is counted
//! here, and reverted when the procedure or text ends. What can't be reverted ends the session, which
//! would else go on as somebody else.

use std::io;

use crate::job::{Broken, Job, JobKind, Talk};
use crate::state::{Impersonation, Leaving};
use crate::statement::bracketed;

// === impl Talk ===

impl Talk {
    /// Notes that a statement has had the session act as somebody else, or ended that. Of the
    /// client's own batch it stays, and is the server's.
    pub fn note_impersonation(&self, job: &Job) {
        if job.depth == 1 {
            return;
        }
        let mut state = self.state();
        match job.kind {
            JobKind::ExecuteAs => {
                let database = state.database.clone();
                state.impersonations.push(Impersonation { depth: job.depth, database });
            }
            JobKind::Revert => drop(state.impersonations.pop()),
            _ => {}
        }
    }

    /// Whether there is an EXECUTE AS that a REVERT so deep may end: in a procedure or text it is
    /// about its own alone ("REVERT (Transact-SQL)").
    pub fn may_revert(&self, depth: usize) -> bool {
        let state = self.state();
        depth == 1 || state.impersonations.last().is_some_and(|last| last.depth == depth)
    }

    /// Undoes what a procedure or text has made of the session.
    pub async fn undo(&mut self, job: &Job, leaving: &Leaving) -> Result<(), Broken> {
        let broken = |error| Broken { events: job.events.clone(), error };
        self.revert(leaving.depth).await.map_err(broken)?;
        if let Some(options) = &leaving.options
            && let Err(error) = self.row(options).await.map_err(broken)?
        {
            tracing::debug!(%error, "The session's options couldn't be set back");
        }
        Ok(())
    }

    /// Ends each EXECUTE AS from a depth on, the last one first.
    async fn revert(&mut self, depth: usize) -> io::Result<()> {
        let (ended, current) = {
            let mut state = self.state();
            let kept = state.impersonations.partition_point(|one| one.depth < depth);
            (state.impersonations.split_off(kept), state.database.clone())
        };
        if ended.is_empty() {
            return Ok(());
        }
        let revert = |one: &Impersonation| format!("USE {}; REVERT", bracketed(&one.database));
        let reverts: Vec<String> = ended.iter().rev().map(revert).collect();
        self.row(&reverts.join("; ")).await?.map_err(io::Error::other)?;
        // Whoever it is again may not be let in there; the interpreter goes back where it was.
        if let Err(error) = self.row(&format!("USE {}", bracketed(&current))).await? {
            tracing::debug!(%error, "The session isn't where a procedure has ended");
        }
        Ok(())
    }
}
