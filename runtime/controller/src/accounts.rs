//! How many requests run at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The worker accounts: slots of a fixed pool.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    slots: Arc<Semaphore>,
    count: u32,
    wait: Duration,
}

/// A worker account, held until dropped.
#[derive(Debug)]
pub(crate) struct Account {
    _slot: OwnedSemaphorePermit,
}

/// All worker accounts are busy, and stayed so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AllBusy {
    pub(crate) limit: u32,
}

// === impl Accounts ===

impl Accounts {
    pub(crate) fn new(count: u32, wait: Duration) -> Self {
        // A u32 fits a usize wherever there are containers.
        Accounts { slots: Arc::new(Semaphore::new(count as usize)), count, wait }
    }

    /// Up to so many accounts that are free now; whoever waits for one goes first.
    pub(crate) fn take_free(&self, most: usize) -> Vec<Account> {
        let free = || Arc::clone(&self.slots).try_acquire_owned().ok();
        (0..most).map_while(|_| Some(Account { _slot: free()? })).collect()
    }

    /// Waits for a free account, in the order of asking.
    pub(crate) async fn take(&self) -> Result<Account, AllBusy> {
        let busy = AllBusy { limit: self.count };
        match timeout(self.wait, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(Ok(slot)) => Ok(Account { _slot: slot }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_pool_says_its_limit_and_frees_accounts() {
        let accounts = Accounts::new(1, Duration::from_millis(1));
        let account = accounts.take().await.unwrap();
        assert_eq!(accounts.take().await.unwrap_err(), AllBusy { limit: 1 });
        drop(account);
        accounts.take().await.unwrap();
    }

    #[tokio::test]
    async fn further_accounts_are_had_only_when_free() {
        let accounts = Accounts::new(3, Duration::from_millis(1));
        let first = accounts.take().await.unwrap();
        let further = accounts.take_free(5);
        assert_eq!(further.len(), 2);
        assert_eq!(accounts.take_free(1).len(), 0);
        drop((first, further));
        assert_eq!(accounts.take_free(2).len(), 2);
    }
}
