//! Who tries passwords, how often: kept in memory, by the address and the login together, so that
//! nobody elsewhere is kept out by it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use launchpod_tsql::ast::fold_name;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard, Semaphore, SemaphorePermit};

/// How many wrong passwords in a row cost nothing.
const FREE: u32 = 10;
/// The longest pause after a wrong password.
const LONGEST: Duration = Duration::from_secs(60);
/// When wrong passwords are forgotten.
const FORGOTTEN: Duration = Duration::from_secs(15 * 60);
/// How many addresses and logins are remembered at once.
const MOST: usize = 10_000;
/// How many passwords are checked at once: each check takes a core for some 10 ms and 19 MiB.
const CHECKS: usize = 2;

/// The wrong passwords of late.
#[derive(Debug)]
pub(crate) struct Attempts {
    failed: Mutex<HashMap<(IpAddr, String), Failed>>,
    /// One check at a time for each address, so that one that tries many holds nobody up.
    turns: Mutex<HashMap<IpAddr, Weak<Turn<()>>>>,
    checks: Semaphore,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    count: u32,
    last: Instant,
}

/// The right to have a password checked now.
#[derive(Debug)]
pub(crate) struct Admission<'a> {
    _turn: Option<OwnedMutexGuard<()>>,
    _check: Option<SemaphorePermit<'a>>,
}

// === impl Attempts ===

impl Attempts {
    pub(crate) fn new() -> Attempts {
        Attempts {
            failed: Mutex::default(),
            turns: Mutex::default(),
            checks: Semaphore::new(CHECKS),
        }
    }

    /// Waits until a password may be checked that comes from an address.
    pub(crate) async fn admit(&self, address: Option<IpAddr>) -> Admission<'_> {
        let turn = match address {
            Some(address) => Some(self.turn(address).lock_owned().await),
            None => None,
        };
        // The semaphore is never closed.
        Admission { _turn: turn, _check: self.checks.acquire().await.ok() }
    }

    fn turn(&self, address: IpAddr) -> Arc<Turn<()>> {
        let mut turns = lock(&self.turns);
        if let Some(turn) = turns.get(&address).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(address, Arc::downgrade(&turn));
        turn
    }

    /// Whether a login may be tried from an address now, or only after a pause.
    pub(crate) fn may_try(&self, address: Option<IpAddr>, login: &str, now: Instant) -> bool {
        let Some(address) = address else { return true };
        let failed = lock(&self.failed);
        let known = failed.get(&(address, fold_name(login)));
        known.is_none_or(|known| now.duration_since(known.last) >= known.pause())
    }

    /// A password was wrong.
    pub(crate) fn failed(&self, address: Option<IpAddr>, login: &str, now: Instant) {
        let Some(address) = address else { return };
        let mut failed = lock(&self.failed);
        if failed.len() >= MOST {
            failed.retain(|_, known| now.duration_since(known.last) < FORGOTTEN);
        }
        if failed.len() >= MOST {
            // Who fills the memory up begins anew, and so does everybody else.
            failed.clear();
        }
        let known =
            failed.entry((address, fold_name(login))).or_insert(Failed { count: 0, last: now });
        let forgotten = now.duration_since(known.last) >= FORGOTTEN;
        let count = if forgotten { 1 } else { known.count.saturating_add(1) };
        *known = Failed { count, last: now };
    }

    /// A password was right.
    pub(crate) fn succeeded(&self, address: Option<IpAddr>, login: &str) {
        if let Some(address) = address {
            lock(&self.failed).remove(&(address, fold_name(login)));
        }
    }
}

// === impl Failed ===

impl Failed {
    /// How long to wait after the last wrong password.
    fn pause(self) -> Duration {
        let beyond = match self.count.checked_sub(FREE) {
            None => return Duration::ZERO,
            Some(beyond) => beyond.min(16),
        };
        Duration::from_secs(1 << beyond).min(LONGEST)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Entries are put in whole, so a panic elsewhere can't have left half of one.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    const THERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));

    #[test]
    fn who_fails_often_waits_longer_each_time() {
        let (attempts, start) = (Attempts::new(), Instant::now());
        let seconds = |count| start + Duration::from_secs(count);
        for _ in 0..FREE {
            assert!(attempts.may_try(HERE, "sa", start));
            attempts.failed(HERE, "sa", start);
        }
        assert!(!attempts.may_try(HERE, "SA", start), "names are the same in any case");
        assert!(attempts.may_try(HERE, "sa", seconds(1)));
        attempts.failed(HERE, "sa", seconds(1));
        assert!(!attempts.may_try(HERE, "sa", seconds(2)));
        assert!(attempts.may_try(HERE, "sa", seconds(3)));
        for _ in 0..100 {
            attempts.failed(HERE, "sa", seconds(3));
        }
        assert!(attempts.may_try(HERE, "sa", seconds(3) + LONGEST));
    }

    #[test]
    fn nobody_else_waits() {
        let (attempts, now) = (Attempts::new(), Instant::now());
        for _ in 0..=FREE {
            attempts.failed(HERE, "sa", now);
        }
        assert!(!attempts.may_try(HERE, "sa", now));
        assert!(attempts.may_try(THERE, "sa", now), "another address");
        assert!(attempts.may_try(HERE, "mary", now), "another login");
        assert!(attempts.may_try(None, "sa", now), "the program itself");
        attempts.succeeded(HERE, "sa");
        assert!(attempts.may_try(HERE, "sa", now));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (attempts, now) = (Attempts::new(), Instant::now());
        for login in 0..MOST + 10 {
            attempts.failed(HERE, &login.to_string(), now);
        }
        assert!(lock(&attempts.failed).len() <= MOST);
    }

    #[tokio::test]
    async fn an_address_has_one_password_checked_at_a_time() {
        let attempts = Attempts::new();
        let first = attempts.admit(HERE).await;
        let soon = Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, attempts.admit(HERE)).await.is_err());
        let _other = attempts.admit(THERE).await;
        drop(first);
        let _again = attempts.admit(HERE).await;
    }

    #[tokio::test]
    async fn two_passwords_are_checked_at_a_time() {
        let attempts = Attempts::new();
        let address = |last| Some(IpAddr::from([10, 0, 0, last]));
        let held = (attempts.admit(address(1)).await, attempts.admit(address(2)).await);
        let third = attempts.admit(address(3));
        tokio::pin!(third);
        let waited = tokio::time::timeout(Duration::from_millis(50), third.as_mut()).await;
        assert!(waited.is_err(), "three at a time");
        drop(held);
        third.await;
    }
}
