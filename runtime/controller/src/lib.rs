//! An external script's way from request to results.
//!
//! [`Controller::run`] takes a [`ScriptRequest`] and gives a [`ScriptRun`]: a bounded stream of
//! [`ScriptEvent`]s (live messages, columns, batches, OUTPUT values) and, at its end, a
//! [`Report`] or a [`ScriptError`] with the errors that the client is to see, in SQL Server's
//! order. The controller knows requests, errors and record batches; containers are behind
//! [`launchpod_sandbox::Backend`], T-SQL is above.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `request` | what is asked for |
//! | `run` | what comes back |
//! | `report` | where the time went, what was used |
//! | `error` | which SQL Server error each failure is, and in which order |
//! | `messages` | the texts of SQL Server 2022's messages 39001 to 39154 |
//! | `output`, `visible` | stdout and stderr to messages |
//! | `accounts` | how many requests run at once, and whose turn it is |
//! | `pools` | what the requests in an external resource pool may use together |
//! | `audit` | what the history is told |
//! | `quota` | how much a request may send |
//! | `team` | the workers of one request: one, or several with a share of the input each |
//! | `drive` | one leased worker, from REQUEST to EXITED |
//! | `usage` | what the workers have used |
//! | `source` | the input query's rows, cut into parts and dealt out |
//! | `talk`, `feed` | a worker's data connection: results in, input out |
//! | `connections`, `loopback` | what a script connects to: its caller's database, the way out |
//! | `slots` | the memory that input lies in when it is shared, not sent |
//! | `result_set` | the columns that all results are converted to |
//! | `supervisor` | its control connection |
//! | `verdict` | how it ended, from what all sides say |

#![forbid(unsafe_code)]

mod accounts;
mod audit;
mod config;
mod connections;
mod controller;
mod drive;
mod error;
mod feed;
mod leaving;
mod loopback;
mod messages;
mod output;
mod pools;
mod progress;
mod quota;
mod report;
mod request;
mod result_set;
mod run;
mod slots;
mod source;
mod supervisor;
mod talk;
mod team;
mod usage;
mod verdict;
mod visible;

pub use accounts::Admission;
pub use config::{Caps, Config, Image, Images, Language};
pub use controller::Controller;
pub use error::{Failure, Resource, ScriptError};
pub use launchpod_exchange::TypeMapping;
pub use loopback::Loopback;
pub use report::{Report, Stage, Stages};
pub use request::{Expected, Input, Parts, ScriptRequest};
pub use run::{EVENTS_IN_FLIGHT, ScriptEvent, ScriptRun};
