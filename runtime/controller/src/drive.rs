//! One leased worker, from REQUEST to EXITED.

use launchpod_sandbox::Worker;
use tokio::sync::mpsc;

use crate::config::Config;
use crate::error::Ending;
use crate::messages::Subject;
use crate::progress::Progress;
use crate::request::ScriptRequest;
use crate::run::ScriptEvent;

/// Runs a script in a worker.
pub(crate) async fn drive(
    subject: Subject<'_>,
    _config: &Config,
    _request: ScriptRequest,
    worker: Worker,
    _progress: &mut Progress,
    _events: &mpsc::Sender<ScriptEvent>,
) -> Result<(), Ending> {
    Err(subject.runtime(&worker.fate.borrow().describe()))
}
