//! What the engine says of containers: out of memory, dead, gone.
//!
//! One subscription to the engine's events serves all workers of an instance: a container that
//! removes itself can't be asked how it ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::models::EventMessage;
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::engine::Engine;
use crate::used::Used;

/// How long to wait before subscribing again after the engine went away.
const RETRY: Duration = Duration::from_secs(1);

/// What the engine has said of a container so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// The kernel killed a process of it for want of memory.
    pub out_of_memory: bool,
    /// It has ended, with this exit code (128 + n for signal n).
    pub exit_code: Option<i64>,
    /// It has been removed.
    pub removed: bool,
    /// What it had used by its end. An engine doesn't say.
    pub used: Used,
}

/// The fates of all live containers, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fates(Arc<Mutex<HashMap<String, watch::Sender<Fate>>>>);

/// A container whose fate is being followed, until dropped.
#[derive(Debug)]
pub(crate) struct Followed {
    fates: Fates,
    name: String,
    pub(crate) fate: watch::Receiver<Fate>,
}

// === impl Fate ===

impl Fate {
    /// Takes in what the engine says has happened.
    fn note(&mut self, event: &EventMessage) {
        match event.action.as_deref() {
            Some("oom") => self.out_of_memory = true,
            Some("die") => {
                let attributes = event.actor.as_ref().and_then(|actor| actor.attributes.as_ref());
                let code = attributes.and_then(|attributes| attributes.get("exitCode"));
                // An engine that gives no code has still said that it ended.
                self.exit_code = Some(code.and_then(|code| code.parse().ok()).unwrap_or(-1));
            }
            Some("destroy") => self.removed = true,
            _ => {}
        }
    }

    /// Whether the container has ended.
    pub fn ended(&self) -> bool {
        self.exit_code.is_some() || self.removed
    }

    /// How it ended, in words.
    pub fn describe(&self) -> String {
        match (self.out_of_memory, self.exit_code) {
            (true, _) => "out of memory".to_owned(),
            (false, Some(code @ 129..=192)) => format!("killed by signal {}", code - 128),
            (false, Some(code)) => format!("exit code {code}"),
            (false, None) => "how is not known".to_owned(),
        }
    }
}

// === impl Fates ===

impl Fates {
    /// Follows a container from before it is made.
    pub(crate) fn follow(&self, name: &str) -> Followed {
        let (sender, fate) = watch::channel(Fate::default());
        self.lock().insert(name.to_owned(), sender);
        Followed { fates: self.clone(), name: name.to_owned(), fate }
    }

    /// Takes in what the engine says, for ever; after a loss of the engine from where it was.
    pub(crate) async fn watch(self, engine: Engine, label: String) {
        // From now, not from when the engine has understood: a worker may be quicker.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut since = now.as_secs().try_into().unwrap_or(0);
        let mut warned = false;
        loop {
            let mut events = std::pin::pin!(engine.events(&label, since));
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        warned = false;
                        since = event.time.unwrap_or(since);
                        self.note(&event);
                    }
                    Err(error) => {
                        // Once per loss, not once per attempt.
                        if !std::mem::replace(&mut warned, true) {
                            warn!(%error, "the engine's events ended, subscribing again");
                        }
                        break;
                    }
                }
            }
            sleep(RETRY).await;
        }
    }

    /// Notes that a worker has ended and nothing of it is left; how is not known.
    pub(crate) fn end(&self, name: &str, out_of_memory: bool, used: Used) {
        if let Some(sender) = self.lock().get(name) {
            sender.send_replace(Fate { out_of_memory, exit_code: None, removed: true, used });
        }
    }

    /// Notes the same of all that are followed.
    pub(crate) fn end_all(&self) {
        for sender in self.lock().values() {
            sender.send_modify(|fate| fate.removed = true);
        }
    }

    fn note(&self, event: &EventMessage) {
        let attributes = event.actor.as_ref().and_then(|actor| actor.attributes.as_ref());
        let Some(name) = attributes.and_then(|attributes| attributes.get("name")) else { return };
        if let Some(sender) = self.lock().get(name) {
            debug!(container = name, action = event.action.as_deref(), "container event");
            sender.send_modify(|fate| fate.note(event));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, watch::Sender<Fate>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Followed ===

impl Drop for Followed {
    fn drop(&mut self) {
        self.fates.lock().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::EventActor;

    use super::*;

    fn event(name: &str, action: &str, exit_code: Option<&str>) -> EventMessage {
        let mut attributes = HashMap::from([("name".to_owned(), name.to_owned())]);
        if let Some(code) = exit_code {
            attributes.insert("exitCode".to_owned(), code.to_owned());
        }
        EventMessage {
            action: Some(action.to_owned()),
            actor: Some(EventActor { attributes: Some(attributes), ..EventActor::default() }),
            ..EventMessage::default()
        }
    }

    #[test]
    fn events_reach_their_container_only() {
        let fates = Fates::default();
        let one = fates.follow("one");
        let other = fates.follow("other");
        fates.note(&event("one", "start", None));
        fates.note(&event("one", "oom", None));
        fates.note(&event("one", "die", Some("137")));
        fates.note(&event("unknown", "die", Some("1")));
        let fate = *one.fate.borrow();
        assert!(fate.ended() && fate.out_of_memory && !fate.removed);
        assert_eq!(fate.describe(), "out of memory");
        assert_eq!(*other.fate.borrow(), Fate::default());
    }

    #[test]
    fn an_end_is_put_into_words() {
        let fates = Fates::default();
        let container = fates.follow("c");
        fates.note(&event("c", "die", Some("137")));
        assert_eq!(container.fate.borrow().describe(), "killed by signal 9");
        fates.note(&event("c", "die", Some("70")));
        assert_eq!(container.fate.borrow().describe(), "exit code 70");
        fates.note(&event("c", "die", None));
        assert!(container.fate.borrow().ended());
    }

    #[test]
    fn a_dropped_container_is_forgotten() {
        let fates = Fates::default();
        drop(fates.follow("c"));
        assert!(fates.lock().is_empty());
    }
}
