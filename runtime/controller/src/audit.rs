//! What the history is told of a request.

use std::fmt::Write as _;
use std::time::SystemTime;

use launchpod_history::{Begun, Ended, STAGES};
use sha2::{Digest, Sha256};

use crate::error::{Failure, ScriptError};
use crate::report::{Report, Stage};
use crate::request::ScriptRequest;

/// What is known of a request when it comes. Its text is kept only where that is asked for.
pub(crate) fn begun(request: &ScriptRequest, keeps_script: bool) -> Begun {
    Begun {
        request: request.id,
        login: request.identity.login.clone(),
        database: request.identity.database.clone(),
        language: request.language.clone(),
        pool: request.pool.name.clone(),
        script_hash: hexadecimal(&Sha256::digest(request.script.as_bytes())),
        script: keeps_script.then(|| request.script.clone()),
        streaming: request.input.as_ref().is_some_and(|input| input.parts.rows.is_some()),
        at: SystemTime::now(),
    }
}

/// What has become of a request.
pub(crate) fn ended(result: &Result<Report, ScriptError>) -> Ended {
    let (report, outcome) = match result {
        Ok(report) => (report, "succeeded"),
        Err(error) => (error.report(), error.failure().name()),
    };
    let error = result.as_ref().err();
    let mut stages = [None; STAGES.len()];
    for (place, stage) in stages.iter_mut().zip(Stage::ALL) {
        *place = report.stages.get(stage);
    }
    Ended {
        request: report.request,
        outcome,
        is_fault: error.is_some_and(|error| is_fault(error.failure())),
        error: error.and_then(|error| Some(error.errors().first()?.number())),
        reason: error.and_then(reason),
        language: report.language.clone(),
        image_id: report.image_id.clone(),
        lock_hash: report.lock_hash.clone(),
        container: report.container_name.clone(),
        took: report.took,
        stages,
        rows_in: report.rows_in,
        rows_out: report.rows_out,
        bytes_in: report.bytes_in,
        bytes_out: report.bytes_out,
        cpu: report.cpu,
        peak_memory: report.peak_memory,
        outbound_allowed: report.outbound.allowed,
        outbound_refused: report.outbound.refused,
        outbound_sent: report.outbound.sent,
        outbound_received: report.outbound.received,
    }
}

/// Whether SQL Server would count it among "Execution Errors", which those of the script itself
/// are not.
fn is_fault(failure: Failure) -> bool {
    match failure {
        Failure::Refused
        | Failure::Launch
        | Failure::Runtime
        | Failure::Protocol
        | Failure::Resources(_)
        | Failure::Internal => true,
        Failure::Script | Failure::Result | Failure::Input | Failure::Cancelled => false,
    }
}

/// What the errors say, without what a script, a query or a value could have put there.
fn reason(error: &ScriptError) -> Option<String> {
    let told = match error.failure() {
        Failure::Input | Failure::Result | Failure::Cancelled => None,
        Failure::Script => error.errors().first(),
        // The second says more than SQL Server's own text, where there is one.
        _ => error.errors().iter().take(2).next_back(),
    }?;
    let text = &told.0.text;
    Some(text.rsplit('\n').next().unwrap_or(text).to_owned())
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String doesn't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::error::{Ending, Resource};
    use crate::messages::Subject;

    fn failed(ending: Ending) -> Ended {
        ended(&Err(ScriptError::new(ending, Report::default())))
    }

    #[test]
    fn the_reason_tells_the_limit_and_nothing_of_the_script() {
        let (language, request) = ("Python", uuid::Uuid::nil());
        let subject = Subject { language, request, allotment: None };
        let mut ending = subject.resources(Resource::Memory, &Config::default(), None);
        ending.errors.push(crate::messages::traceback("secret"));
        let row = failed(ending);
        assert_eq!((row.outcome, row.error, row.is_fault), ("out of memory", Some(39127), true));
        assert!(row.reason.unwrap().starts_with("The script ran out of memory: the limit is 2048"));

        let row = failed(subject.script("secret"));
        assert_eq!((row.outcome, row.error, row.is_fault), ("script failed", Some(39004), false));
        assert!(!row.reason.unwrap().contains("secret"));
        let query = launchpod_types::SqlError::new(245, "converting 'secret' failed");
        assert_eq!(failed(Ending::input(query)).reason, None);
    }

    #[test]
    fn a_script_is_kept_only_when_asked_for() {
        let request = ScriptRequest { script: "x".to_owned(), ..ScriptRequest::example() };
        assert_eq!(begun(&request, false).script, None);
        let kept = begun(&request, true);
        assert_eq!(kept.script.as_deref(), Some("x"));
        // SHA-256 of "x".
        assert!(kept.script_hash.starts_with("2d711642b726b044"));
    }
}
