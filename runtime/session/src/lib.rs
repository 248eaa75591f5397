//! Runs what a client sends: T-SQL batches and calls of procedures.
//!
//! A [`Session`] reads a batch (`launchpod_tsql`), walks its statements and answers with
//! [`Reply`]s. It knows control flow, the types of declared variables, and the procedures that
//! are Launchpod's own; everything else it asks of the [database](launchpod_database): it sends
//! each statement as it was written, and even the value of an expression is a query. So the
//! same interpreter serves the embedded database and a SQL Server.
//!
//! ```text
//!  batch ──parse──▶ statements ──┬─ control flow, variables ─ here (block, variables)
//!                                ├─ queries, DDL, USE … ───── database (query)
//!                                └─ EXEC ──────────────────── procedures
//!                                     sp_execute_external_script ─▶ controller
//! ```

mod batch;
mod block;
mod bulk;
mod catch;
pub mod configuration;
mod cursor;
mod deep;
mod diversion;
mod evaluate;
mod execute;
mod insert_execute;
mod instance;
mod kept;
mod literal;
mod loopback;
mod options;
mod procedure_name;
mod procedures;
mod query;
mod raise;
mod reply;
mod run;
mod session;
mod spool;
mod tables;
mod types;
mod variables;
mod wait;
mod walk;

pub use instance::Instance;
pub use kept::SpoolConfig;
pub use loopback::ServeConnection;
pub use reply::{
    DoneKind, DonePlace, REPLIES_IN_FLIGHT, Replies, Reply, ReturnValue, StatementDone,
    TransactionChange,
};
pub use session::{Call, CallArgument, Session, TransactionRequest};
