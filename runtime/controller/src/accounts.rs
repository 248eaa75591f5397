//! How many requests run at once, and whose turn it is.
//!
//! A worker account is a slot that one identity holds while it has a request running; all of its
//! requests share it (SQL Server's pool of local accounts works so). Who can't run yet waits in a
//! queue of its identity, and identities take turns: a busy one delays its own requests, not
//! those of others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use launchpod_types::Identity;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How many requests may run and wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Worker accounts: the identities that run scripts at once. A request of a further one
    /// waits, then ends in 39108.
    pub accounts: u32,
    /// Workers of all identities at once. A further request waits, then ends in 39108.
    pub workers: u32,
    /// Workers of one identity at once. A further request of it waits, then ends in 39110.
    pub workers_per_identity: u32,
    /// Requests that wait at once. When there are more, the last request of the identity that
    /// has the most of them waiting doesn't wait any longer.
    pub queue: u32,
    /// How long a request waits, for its pool and for its account together.
    pub wait: Duration,
}

/// The worker accounts of an instance.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    state: Arc<Mutex<State>>,
}

/// A worker's place in its identity's account, held until dropped.
#[derive(Debug)]
pub(crate) struct Place {
    accounts: Accounts,
    identity: Identity,
    number: u32,
}

/// Which limit stood in the way of a request until it waited no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Every account is another identity's.
    Accounts(u32),
    /// All identities together have as many workers as may be.
    Workers(u32),
    /// This identity has.
    Identity(u32),
}

#[derive(Debug)]
struct State {
    admission: Admission,
    /// The accounts that are held.
    held: HashMap<Identity, Held>,
    workers: u32,
    /// Identities with waiting requests: whose turn is next stands first.
    turns: VecDeque<Turn>,
    last_ticket: u64,
}

/// An account that an identity holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// From 1; no other held account has it.
    number: u32,
    workers: u32,
}

#[derive(Debug)]
struct Turn {
    identity: Identity,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    /// Dropped without a place when the queue is too long.
    granted: oneshot::Sender<Place>,
}

/// A request's stay in the queue, which ends when it is dropped.
struct Stay {
    accounts: Accounts,
    ticket: u64,
}

// === impl Admission ===

impl Default for Admission {
    fn default() -> Self {
        Admission {
            // SQL Server's own default pool.
            accounts: 20,
            workers: 60,
            workers_per_identity: 20,
            queue: 200,
            wait: Duration::from_secs(30),
        }
    }
}

// === impl Accounts ===

impl Accounts {
    pub(crate) fn new(admission: Admission) -> Self {
        let state = State {
            admission,
            held: HashMap::new(),
            workers: 0,
            turns: VecDeque::new(),
            last_ticket: 0,
        };
        Accounts { state: Arc::new(Mutex::new(state)) }
    }

    /// Changes how many identities may run scripts at once; who runs, runs on.
    pub(crate) fn set_accounts(&self, accounts: u32) {
        let mut state = self.lock();
        state.admission.accounts = accounts;
        self.dispatch(state);
    }

    /// Changes how many workers may run at once; who runs, runs on.
    pub(crate) fn set_workers(&self, workers: u32) {
        let mut state = self.lock();
        state.admission.workers = workers;
        self.dispatch(state);
    }

    /// Waits for a place, in turn, no longer than so long.
    pub(crate) async fn take(&self, identity: &Identity, wait: Duration) -> Result<Place, Busy> {
        let (mut place, stay) = self.enqueue(identity);
        let granted = timeout(wait, &mut place).await;
        drop(stay);
        match granted {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(self.lock().obstacle(identity)),
            // Granted at the last moment.
            Err(_) => place.try_recv().map_err(|_| self.lock().obstacle(identity)),
        }
    }

    /// A place that is free now, for a request of somebody who holds one already and would wait
    /// for itself in the queue. Who waits there has been given what it may have.
    pub(crate) fn take_now(&self, identity: &Identity) -> Result<Place, Busy> {
        let mut state = self.lock();
        match state.refusal(identity) {
            Some(busy) => Err(busy),
            None => Ok(self.grant(&mut state, identity)),
        }
    }

    /// Up to so many further places of an identity that runs: only what is free while nobody
    /// waits.
    pub(crate) fn take_free(&self, identity: &Identity, most: usize) -> Vec<Place> {
        let mut state = self.lock();
        let mut places = Vec::new();
        while places.len() < most && state.turns.is_empty() && state.refusal(identity).is_none() {
            places.push(self.grant(&mut state, identity));
        }
        places
    }

    fn enqueue(&self, identity: &Identity) -> (oneshot::Receiver<Place>, Stay) {
        let (granted, place) = oneshot::channel();
        let mut state = self.lock();
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        state.turn(identity).waiting.push_back(Waiting { ticket, granted });
        self.dispatch(state);
        self.lock().shorten();
        (place, Stay { accounts: self.clone(), ticket })
    }

    /// Gives places to those whose turn it is, as long as there are any.
    fn dispatch(&self, mut state: MutexGuard<'_, State>) {
        // A place that nobody takes is given back when the state can be locked again.
        let mut unwanted = Vec::new();
        let mut next = 0;
        while let Some(turn) = state.turns.get(next) {
            match state.refusal(&turn.identity) {
                None => {
                    let Some(mut turn) = state.turns.remove(next) else { break };
                    if let Some(first) = turn.waiting.pop_front() {
                        let place = self.grant(&mut state, &turn.identity);
                        unwanted.extend(first.granted.send(place).err());
                    }
                    if !turn.waiting.is_empty() {
                        state.turns.push_back(turn);
                    }
                    next = 0;
                }
                // Its own fault: those behind it go on.
                Some(Busy::Identity(_)) => next += 1,
                // Were others to go on, those who have an account could keep it for ever.
                Some(Busy::Accounts(_) | Busy::Workers(_)) => break,
            }
        }
        drop(state);
    }

    fn grant(&self, state: &mut State, identity: &Identity) -> Place {
        state.workers += 1;
        let number = match state.held.get_mut(identity) {
            Some(held) => {
                held.workers += 1;
                held.number
            }
            None => {
                let taken = |number| state.held.values().any(|held| held.number == number);
                let number = (1..).find(|number| !taken(*number)).unwrap_or_default();
                state.held.insert(identity.clone(), Held { number, workers: 1 });
                number
            }
        };
        Place { accounts: self.clone(), identity: identity.clone(), number }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No panic is possible between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    /// Why an identity gets no further place now.
    fn refusal(&self, identity: &Identity) -> Option<Busy> {
        let Admission { accounts, workers, workers_per_identity, .. } = self.admission;
        match self.held.get(identity) {
            Some(held) if held.workers >= workers_per_identity => {
                Some(Busy::Identity(workers_per_identity))
            }
            _ if self.workers >= workers => Some(Busy::Workers(workers)),
            // A live change may have left more than there are accounts.
            None if self.held.len() as u64 >= u64::from(accounts) => Some(Busy::Accounts(accounts)),
            _ => None,
        }
    }

    /// What stands in an identity's way; its turn, when all else is free by now.
    fn obstacle(&self, identity: &Identity) -> Busy {
        self.refusal(identity).unwrap_or(Busy::Accounts(self.admission.accounts))
    }

    fn turn(&mut self, identity: &Identity) -> &mut Turn {
        let index = match self.turns.iter().position(|turn| turn.identity == *identity) {
            Some(index) => index,
            None => {
                let turn = Turn { identity: identity.clone(), waiting: VecDeque::new() };
                self.turns.push_back(turn);
                self.turns.len() - 1
            }
        };
        &mut self.turns[index]
    }

    /// Keeps the queue's length.
    fn shorten(&mut self) {
        let length: usize = self.turns.iter().map(|turn| turn.waiting.len()).sum();
        if length <= self.admission.queue as usize {
            return;
        }
        // Of those that have as many waiting, the one that came last.
        if let Some(turn) = self.turns.iter_mut().max_by_key(|turn| turn.waiting.len()) {
            turn.waiting.pop_back();
        }
        self.turns.retain(|turn| !turn.waiting.is_empty());
    }
}

// === impl Place ===

impl Place {
    /// The worker account's name; SQL Server's are MSSQLSERVER01 and so on.
    pub(crate) fn account(&self) -> String {
        format!("LAUNCHPOD{:02}", self.number)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.accounts.lock();
        if let Some(held) = state.held.get_mut(&self.identity) {
            held.workers -= 1;
            if held.workers == 0 {
                state.held.remove(&self.identity);
            }
        }
        state.workers -= 1;
        self.accounts.dispatch(state);
    }
}

// === impl Stay ===

impl Drop for Stay {
    fn drop(&mut self) {
        let mut state = self.accounts.lock();
        for turn in &mut state.turns {
            turn.waiting.retain(|waiting| waiting.ticket != self.ticket);
        }
        state.turns.retain(|turn| !turn.waiting.is_empty());
        // Who stood before others may have been in their way.
        self.accounts.dispatch(state);
    }
}

// === impl Busy ===

impl Busy {
    /// The limit.
    pub(crate) fn limit(self) -> u32 {
        match self {
            Busy::Accounts(limit) | Busy::Workers(limit) | Busy::Identity(limit) => limit,
        }
    }

    /// The limit's name in the configuration.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Busy::Accounts(_) => "worker_accounts",
            Busy::Workers(_) => "workers",
            Busy::Identity(_) => "workers_per_identity",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What nobody waits for to pass.
    const PATIENCE: Duration = Duration::from_secs(3600);

    fn identity(login: &str) -> Identity {
        Identity { login: login.to_owned(), database: "master".to_owned() }
    }

    fn accounts(accounts: u32, workers: u32, workers_per_identity: u32, queue: u32) -> Accounts {
        let wait = PATIENCE;
        Accounts::new(Admission { accounts, workers, workers_per_identity, queue, wait })
    }

    /// A request of somebody who doesn't wait for long.
    async fn take(accounts: &Accounts, identity: &Identity) -> Result<Place, Busy> {
        accounts.take(identity, Duration::from_millis(10)).await
    }

    /// A request that is waiting, when the task has had its chance to begin.
    async fn ask(accounts: &Accounts, login: &str) -> tokio::task::JoinHandle<Result<Place, Busy>> {
        let (accounts, identity) = (accounts.clone(), identity(login));
        let asked = tokio::spawn(async move { accounts.take(&identity, PATIENCE).await });
        tokio::task::yield_now().await;
        asked
    }

    #[tokio::test]
    async fn one_identity_shares_its_account_and_another_waits_for_it() {
        let accounts = accounts(1, 10, 2, 10);
        let (a, b) = (identity("a"), identity("b"));
        let first = take(&accounts, &a).await.unwrap();
        let second = take(&accounts, &a).await.unwrap();
        assert_eq!(
            (first.account(), second.account()),
            ("LAUNCHPOD01".into(), "LAUNCHPOD01".into())
        );
        assert_eq!(take(&accounts, &a).await.unwrap_err(), Busy::Identity(2));
        assert_eq!(take(&accounts, &b).await.unwrap_err(), Busy::Accounts(1));
        drop(first);
        assert_eq!(take(&accounts, &b).await.unwrap_err(), Busy::Accounts(1));
        drop(second);
        take(&accounts, &b).await.unwrap();
    }

    #[tokio::test]
    async fn all_identities_together_have_a_limit() {
        let accounts = accounts(5, 2, 2, 10);
        let _places = accounts.take_free(&identity("a"), 2);
        assert_eq!(take(&accounts, &identity("b")).await.unwrap_err(), Busy::Workers(2));
    }

    #[tokio::test]
    async fn a_busy_identity_starves_nobody() {
        let accounts = accounts(1, 10, 2, 100);
        let mut running = vec![take(&accounts, &identity("busy")).await.unwrap()];
        let other = ask(&accounts, "other").await;
        // It would be let in at once, were nobody else waiting for the account it has.
        let mut further = Vec::new();
        for _ in 0..20 {
            further.push(ask(&accounts, "busy").await);
        }
        running.clear();
        let place = other.await.unwrap().unwrap();
        assert!(further.iter().all(|asked| !asked.is_finished()));
        drop(place);
        for asked in further {
            asked.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn identities_take_turns() {
        let accounts = accounts(5, 1, 1, 100);
        let first = take(&accounts, &identity("a")).await.unwrap();
        let (a, again) = (ask(&accounts, "a").await, ask(&accounts, "a").await);
        let b = ask(&accounts, "b").await;
        drop(first);
        drop(a.await.unwrap().unwrap());
        drop(b.await.unwrap().unwrap());
        again.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_whoever_fills_it() {
        let accounts = accounts(1, 1, 1, 2);
        let running = take(&accounts, &identity("a")).await.unwrap();
        let greedy = (ask(&accounts, "a").await, ask(&accounts, "a").await);
        let modest = ask(&accounts, "b").await;
        assert_eq!(greedy.1.await.unwrap().unwrap_err(), Busy::Identity(1));
        drop(running);
        drop(greedy.0.await.unwrap().unwrap());
        modest.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_gives_up_leaves_nothing() {
        let accounts = accounts(1, 1, 1, 10);
        let running = take(&accounts, &identity("a")).await.unwrap();
        let given_up = ask(&accounts, "b").await;
        given_up.abort();
        let waiting = ask(&accounts, "c").await;
        drop(running);
        drop(waiting.await.unwrap().unwrap());
        let state = accounts.lock();
        assert!(state.turns.is_empty() && state.held.is_empty() && state.workers == 0);
    }

    #[tokio::test]
    async fn further_places_are_had_only_while_nobody_waits() {
        let accounts = accounts(2, 4, 3, 10);
        let a = identity("a");
        let mut places = accounts.take_free(&a, 5);
        assert_eq!(places.len(), 3);
        let waiting = ask(&accounts, "a").await;
        places.pop();
        let _place = waiting.await.unwrap().unwrap();
        assert!(accounts.take_free(&a, 1).is_empty());
        assert_eq!(accounts.take_free(&identity("b"), 5).len(), 1);
    }

    #[tokio::test]
    async fn more_accounts_help_who_waits() {
        let accounts = accounts(1, 10, 10, 10);
        let _running = take(&accounts, &identity("a")).await.unwrap();
        let waiting = ask(&accounts, "b").await;
        accounts.set_accounts(2);
        let place = waiting.await.unwrap().unwrap();
        assert_eq!(place.account(), "LAUNCHPOD02");
    }
}
