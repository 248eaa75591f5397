//! Application locks: names that sessions lock for each other ("sp_getapplock (Transact-SQL)").
//!
//! A session waits on its own thread, and looks now and then whether it is to stop. Who would wait
//! for itself by way of others is told so at once, and waits no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a waiting session sleeps before it looks whether it is to stop.
const NAP: Duration = Duration::from_millis(50);
/// How many resources a session may lock.
const MOST_RESOURCES: usize = 10_000;

/// The locks of a server.
#[derive(Debug, Default)]
pub(crate) struct ApplicationLocks {
    table: Mutex<Table>,
    /// A lock was given up, or nobody waits for it any more.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    last_holder: u64,
    resources: BTreeMap<Resource, Vec<Grant>>,
    /// Who waits, in the order of arrival.
    waiting: Vec<Wait>,
}

/// What is locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource {
    pub(crate) database: i64,
    /// The number of the principal whose members may lock it.
    pub(crate) principal: i64,
    /// Names are the same if all their characters are.
    pub(crate) name: String,
}

/// With what a lock ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Transaction,
    Session,
}

/// How something is locked: one of the five modes that can be asked for, or a union of such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mode(u8);

#[derive(Debug)]
struct Grant {
    holder: u64,
    owner: Owner,
    /// The union of all that was asked for; it stays until the last release.
    mode: Mode,
    /// How often it was asked for.
    count: u32,
}

#[derive(Debug)]
struct Wait {
    holder: u64,
    resource: Resource,
    mode: Mode,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Granted,
    GrantedAfterWait,
    TimedOut,
    Cancelled,
    /// Those who would have to be waited for wait for the session itself.
    Deadlock,
    /// The session has too many.
    TooMany,
}

/// A session, which gives its locks up when it is dropped.
#[derive(Debug)]
pub(crate) struct Holder {
    locks: Arc<ApplicationLocks>,
    number: u64,
    /// Whether something may be locked for the transaction.
    in_transaction: AtomicBool,
}

// === impl Owner ===

impl Owner {
    /// The owner of a name in any case.
    pub(crate) fn named(name: &str) -> Option<Owner> {
        match name.to_ascii_lowercase().as_str() {
            "transaction" => Some(Owner::Transaction),
            "session" => Some(Owner::Session),
            _ => None,
        }
    }
}

// === impl Mode ===

impl Mode {
    const INTENT_SHARED: u8 = 1;
    const SHARED: u8 = 2;
    const UPDATE: u8 = 4;
    const INTENT_EXCLUSIVE: u8 = 8;
    const EXCLUSIVE: u8 = 16;

    /// Which modes exclude each other ("Lock compatibility" in the "Transaction locking and row
    /// versioning guide").
    const EXCLUDED: [(u8, u8); 5] = [
        (Self::INTENT_SHARED, Self::EXCLUSIVE),
        (Self::SHARED, Self::INTENT_EXCLUSIVE | Self::EXCLUSIVE),
        (Self::UPDATE, Self::UPDATE | Self::INTENT_EXCLUSIVE | Self::EXCLUSIVE),
        (Self::INTENT_EXCLUSIVE, Self::SHARED | Self::UPDATE | Self::EXCLUSIVE),
        (Self::EXCLUSIVE, u8::MAX),
    ];

    /// What modes are called, the strongest first.
    const NAMES: [(u8, &str); 7] = [
        (Self::EXCLUSIVE, "Exclusive"),
        (Self::UPDATE | Self::INTENT_EXCLUSIVE, "UpdateIntentExclusive"),
        (Self::SHARED | Self::INTENT_EXCLUSIVE, "SharedIntentExclusive"),
        (Self::UPDATE, "Update"),
        (Self::INTENT_EXCLUSIVE, "IntentExclusive"),
        (Self::SHARED, "Shared"),
        (Self::INTENT_SHARED, "IntentShared"),
    ];

    /// The mode of a name in any case.
    pub(crate) fn named(name: &str) -> Option<Mode> {
        Some(Mode(match name.to_ascii_lowercase().as_str() {
            "intentshared" => Self::INTENT_SHARED,
            "shared" => Self::SHARED,
            "update" => Self::UPDATE,
            "intentexclusive" => Self::INTENT_EXCLUSIVE,
            "exclusive" => Self::EXCLUSIVE,
            _ => return None,
        }))
    }

    /// Its name, as APPLOCK_MODE has it.
    pub(crate) fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(mode, _)| self.0 & mode == *mode);
        found.map_or("NoLock", |(_, name)| name)
    }

    fn union(self, other: Mode) -> Mode {
        Mode(self.0 | other.0)
    }

    fn excludes(self, other: Mode) -> bool {
        Self::EXCLUDED.iter().any(|(mode, others)| self.0 & mode != 0 && other.0 & others != 0)
    }
}

// === impl ApplicationLocks ===

impl ApplicationLocks {
    /// A session that may lock something.
    pub(crate) fn holder(self: &Arc<Self>) -> Holder {
        let mut table = self.lock();
        table.last_holder += 1;
        let in_transaction = AtomicBool::new(false);
        Holder { locks: Arc::clone(self), number: table.last_holder, in_transaction }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // The table is changed in single steps, each of which leaves it right.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Table ===

impl Table {
    /// The others that a request would wait for: who holds what excludes it, and who came before
    /// with such a request. Who holds the resource already passes those who wait for it.
    fn blockers(&self, holder: u64, resource: &Resource, mode: Mode) -> BTreeSet<u64> {
        let grants = self.resources.get(resource).map_or(&[][..], Vec::as_slice);
        let others = grants.iter().filter(|grant| grant.holder != holder);
        let mut blockers: BTreeSet<u64> =
            others.filter(|grant| grant.mode.excludes(mode)).map(|grant| grant.holder).collect();
        if grants.iter().all(|grant| grant.holder != holder) {
            let before = self.waiting.iter().take_while(|wait| wait.holder != holder);
            let rivals = before.filter(|wait| wait.resource == *resource);
            blockers.extend(rivals.filter(|wait| wait.mode.excludes(mode)).map(|wait| wait.holder));
        }
        blockers
    }

    /// Whether somebody who is waited for waits for the holder, directly or by way of others.
    fn is_deadlocked(&self, holder: u64) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![holder];
        while let Some(one) = next.pop() {
            for wait in self.waiting.iter().filter(|wait| wait.holder == one) {
                let blockers = self.blockers(one, &wait.resource, wait.mode);
                if blockers.contains(&holder) {
                    return true;
                }
                next.extend(blockers.into_iter().filter(|blocker| seen.insert(*blocker)));
            }
        }
        false
    }

    fn grant(&mut self, holder: u64, resource: Resource, owner: Owner, mode: Mode) {
        let grants = self.resources.entry(resource).or_default();
        match grants.iter_mut().find(|grant| grant.holder == holder && grant.owner == owner) {
            Some(grant) => {
                grant.mode = grant.mode.union(mode);
                grant.count = grant.count.saturating_add(1);
            }
            None => grants.push(Grant { holder, owner, mode, count: 1 }),
        }
    }

    /// How many resources a holder has locked, the most that matter.
    fn is_full(&self, holder: u64, resource: &Resource) -> bool {
        let of_holder = |grants: &&Vec<Grant>| grants.iter().any(|grant| grant.holder == holder);
        let known = self.resources.get(resource).is_some_and(|grants| of_holder(&grants));
        !known && self.resources.values().filter(of_holder).count() >= MOST_RESOURCES
    }

    /// Takes away the grants that `gone` says.
    fn remove(&mut self, mut gone: impl FnMut(&Resource, &Grant) -> bool) {
        self.resources.retain(|resource, grants| {
            grants.retain(|grant| !gone(resource, grant));
            !grants.is_empty()
        });
    }
}

// === impl Holder ===

impl Holder {
    /// Locks a resource, as long as it has to be waited for at most so long (`None`: for ever).
    pub(crate) fn acquire(
        &self,
        resource: &Resource,
        owner: Owner,
        mode: Mode,
        timeout: Option<Duration>,
        cancelled: &dyn Fn() -> bool,
    ) -> Outcome {
        let began = Instant::now();
        if owner == Owner::Transaction {
            self.in_transaction.store(true, Ordering::Relaxed);
        }
        let mut table = self.locks.lock();
        if table.is_full(self.number, resource) {
            return Outcome::TooMany;
        }
        if table.blockers(self.number, resource, mode).is_empty() {
            table.grant(self.number, resource.clone(), owner, mode);
            return Outcome::Granted;
        }
        table.waiting.push(Wait { holder: self.number, resource: resource.clone(), mode });
        let outcome = loop {
            if table.blockers(self.number, resource, mode).is_empty() {
                table.grant(self.number, resource.clone(), owner, mode);
                break Outcome::GrantedAfterWait;
            }
            let left = timeout.map(|timeout| timeout.saturating_sub(began.elapsed()));
            if left == Some(Duration::ZERO) {
                break Outcome::TimedOut;
            }
            if table.is_deadlocked(self.number) {
                break Outcome::Deadlock;
            }
            if cancelled() {
                break Outcome::Cancelled;
            }
            let nap = left.map_or(NAP, |left| left.min(NAP));
            let waited = self.locks.changed.wait_timeout(table, nap);
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        table.waiting.retain(|wait| wait.holder != self.number);
        self.locks.changed.notify_all();
        outcome
    }

    /// Takes back one request; whether there was one.
    pub(crate) fn release(&self, resource: &Resource, owner: Owner) -> bool {
        let mut table = self.locks.lock();
        let is_it = |grant: &Grant| grant.holder == self.number && grant.owner == owner;
        let grants = table.resources.get_mut(resource);
        let Some(grant) = grants.and_then(|grants| grants.iter_mut().find(|grant| is_it(grant)))
        else {
            return false;
        };
        grant.count -= 1;
        if grant.count == 0 {
            table.remove(|of, grant| of == resource && is_it(grant));
            self.locks.changed.notify_all();
        }
        true
    }

    /// The transaction has ended, if there was one.
    pub(crate) fn end_transaction(&self) {
        if self.in_transaction.swap(false, Ordering::Relaxed) {
            self.release_all(Owner::Transaction);
        }
    }

    /// Gives up all locks of an owner.
    pub(crate) fn release_all(&self, owner: Owner) {
        let mut table = self.locks.lock();
        table.remove(|_, grant| grant.holder == self.number && grant.owner == owner);
        self.locks.changed.notify_all();
    }

    /// How a resource is locked for an owner.
    pub(crate) fn mode(&self, resource: &Resource, owner: Owner) -> Mode {
        let table = self.locks.lock();
        let grants = table.resources.get(resource).map_or(&[][..], Vec::as_slice);
        let own = grants.iter().find(|grant| grant.holder == self.number && grant.owner == owner);
        own.map_or_else(Mode::default, |grant| grant.mode)
    }

    /// Whether a lock would be granted at once.
    pub(crate) fn would_get(&self, resource: &Resource, mode: Mode) -> bool {
        self.locks.lock().blockers(self.number, resource, mode).is_empty()
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let mut table = self.locks.lock();
        table.remove(|_, grant| grant.holder == self.number);
        self.locks.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(name: &str) -> Resource {
        Resource { database: 1, principal: 0, name: name.to_owned() }
    }

    fn mode(name: &str) -> Mode {
        Mode::named(name).expect("a mode")
    }

    fn get(holder: &Holder, name: &str, wanted: &str) -> Outcome {
        let at_once = Some(Duration::ZERO);
        holder.acquire(&resource(name), Owner::Session, mode(wanted), at_once, &|| false)
    }

    /// "Lock compatibility" in the "Transaction locking and row versioning guide".
    #[test]
    fn modes_exclude_each_other() {
        let modes = ["IntentShared", "Shared", "Update", "IntentExclusive", "Exclusive"];
        let compatible = [
            [true, true, true, true, false],
            [true, true, true, false, false],
            [true, true, false, false, false],
            [true, false, false, true, false],
            [false, false, false, false, false],
        ];
        for (held, row) in modes.iter().zip(compatible) {
            for (wanted, compatible) in modes.iter().zip(row) {
                assert_eq!(!mode(held).excludes(mode(wanted)), compatible, "{held} {wanted}");
            }
        }
        assert_eq!(mode("shared").union(mode("IntentExclusive")).name(), "SharedIntentExclusive");
        assert_eq!(mode("UPDATE").union(mode("IntentExclusive")).name(), "UpdateIntentExclusive");
        assert_eq!(mode("Shared").union(mode("Exclusive")).name(), "Exclusive");
        assert_eq!(Mode::default().name(), "NoLock");
    }

    #[test]
    fn a_lock_is_held_until_each_request_was_taken_back() {
        let locks = Arc::<ApplicationLocks>::default();
        let (a, b) = (locks.holder(), locks.holder());
        assert_eq!(get(&a, "x", "Shared"), Outcome::Granted);
        assert_eq!(get(&a, "x", "Exclusive"), Outcome::Granted);
        assert_eq!(get(&b, "X", "Exclusive"), Outcome::Granted);
        assert_eq!(get(&b, "x", "IntentShared"), Outcome::TimedOut);
        assert!(a.release(&resource("x"), Owner::Session));
        // The union stays until the last release.
        assert_eq!(a.mode(&resource("x"), Owner::Session).name(), "Exclusive");
        assert!(!b.would_get(&resource("x"), mode("Shared")));
        assert!(!a.release(&resource("x"), Owner::Transaction));
        assert!(a.release(&resource("x"), Owner::Session));
        assert!(!a.release(&resource("x"), Owner::Session));
        assert_eq!(get(&b, "x", "Shared"), Outcome::Granted);
        drop(b);
        assert_eq!(get(&a, "X", "Exclusive"), Outcome::Granted);
        a.release_all(Owner::Session);
        assert!(locks.lock().resources.is_empty());
    }

    #[test]
    fn who_waits_gets_the_lock_when_it_is_given_up_or_stops() {
        let locks = Arc::<ApplicationLocks>::default();
        let (a, b) = (locks.holder(), locks.holder());
        assert_eq!(get(&a, "x", "Exclusive"), Outcome::Granted);
        let wait = |cancelled: &dyn Fn() -> bool| {
            b.acquire(&resource("x"), Owner::Session, mode("Shared"), None, cancelled)
        };
        assert_eq!(wait(&|| true), Outcome::Cancelled);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait(&|| false));
            while locks.lock().waiting.is_empty() {
                std::thread::yield_now();
            }
            // Who comes later doesn't pass who waits.
            assert_eq!(get(&locks.holder(), "x", "Exclusive"), Outcome::TimedOut);
            a.release_all(Owner::Session);
            assert_eq!(waiting.join().expect("no panic"), Outcome::GrantedAfterWait);
        });
    }

    #[test]
    fn a_circle_of_waiting_is_found() {
        let locks = Arc::<ApplicationLocks>::default();
        let (a, b) = (locks.holder(), locks.holder());
        assert_eq!(get(&a, "x", "Exclusive"), Outcome::Granted);
        assert_eq!(get(&b, "y", "Exclusive"), Outcome::Granted);
        let wait = |holder: &Holder, name: &str| {
            holder.acquire(&resource(name), Owner::Session, mode("Update"), None, &|| false)
        };
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait(&a, "y"));
            while locks.lock().waiting.is_empty() {
                std::thread::yield_now();
            }
            assert_eq!(wait(&b, "x"), Outcome::Deadlock);
            b.release_all(Owner::Session);
            assert_eq!(waiting.join().expect("no panic"), Outcome::GrantedAfterWait);
        });
    }
}
