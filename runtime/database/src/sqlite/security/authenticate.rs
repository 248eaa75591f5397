//! Logging in: what is checked, in which order, and what is written down of it.
//!
//! A client is told state 1 whatever was wrong; the log has the state that the documentation's
//! "MSSQLSERVER_18456" lists.

use std::time::Instant;

use launchpod_types::SqlError;
use rusqlite::Connection;

use super::logins;
use super::password;
use crate::sqlite::embedded::catalog::{Catalog, now};
use crate::sqlite::{Options, Shared, errors};
use crate::{Login, Secret};

/// Why a login fails: the state of 18456 in the log, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Unknown,
    Disabled,
    WrongPassword,
    Locked,
    MustChange,
    Expired,
    /// Too many wrong passwords of late: this one wasn't looked at.
    TooOften,
}

// === impl Reason ===

impl Reason {
    fn state(self) -> u8 {
        match self {
            Reason::Unknown => 5,
            Reason::Disabled => 7,
            Reason::WrongPassword => 8,
            Reason::Locked => 10,
            Reason::MustChange | Reason::Expired => 18,
            Reason::TooOften => 1,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Reason::Unknown => "could not find a login matching the name provided",
            Reason::Disabled => "the account is disabled",
            Reason::WrongPassword => "password did not match that for the login provided",
            Reason::Locked => "the account is currently locked out",
            Reason::MustChange => "the password of the account must be changed",
            Reason::Expired => "the password of the account has expired",
            Reason::TooOften => "too many wrong passwords from this address",
        }
    }

    /// What the client is told.
    fn error(self, user: &str, right: bool) -> SqlError {
        match self {
            Reason::Locked => errors::login_locked(user),
            Reason::Disabled if right => errors::login_disabled(user),
            Reason::MustChange => errors::password_must_change(user),
            Reason::Expired => errors::password_expired(user),
            _ => errors::login_failed(user),
        }
    }
}

// === impl Shared ===

impl Shared {
    /// Checks a login's password and everything else that keeps a login out.
    pub(crate) fn authenticate(
        &self,
        connection: &Connection,
        login: &Login,
    ) -> Result<logins::Login, SqlError> {
        let refuse = |reason: Reason, right| {
            tracing::warn!(
                login = %login.user.escape_debug(),
                client = login.address().map(tracing::field::display),
                state = reason.state(),
                reason = reason.text(),
                "Login failed"
            );
            Err(reason.error(&login.user, right))
        };
        let at = Instant::now();
        if !self.attempts.may_try(login.address(), &login.user, at) {
            return refuse(Reason::TooOften, false);
        }
        let catalog = Catalog::new(connection);
        let stored = catalog.login(&login.user)?;
        let hash = stored.as_ref().map_or(&self.nobody, |stored| &stored.hash);
        let right = password::verify(&login.password, hash);
        let Some(mut stored) = stored else {
            self.attempts.failed(login.address(), &login.user, at);
            return refuse(Reason::Unknown, false);
        };
        if let Some(locked_at) = stored.locked_at {
            if self.options.is_locked(locked_at, now()) {
                return refuse(Reason::Locked, right);
            }
            stored.unlock();
        }
        if !right {
            self.attempts.failed(login.address(), &login.user, at);
            self.note_wrong_password(catalog, &mut stored)?;
            let reason = if stored.is_disabled { Reason::Disabled } else { Reason::WrongPassword };
            return refuse(reason, false);
        }
        self.attempts.succeeded(login.address(), &login.user);
        if stored.is_disabled {
            return refuse(Reason::Disabled, true);
        }
        if let Some(new) = &login.new_password {
            change_password(&mut stored, new).inspect_err(|error| {
                tracing::warn!(login = %login.user.escape_debug(), %error, "No new password");
            })?;
            catalog.keep_login(&stored)?;
            tracing::info!(login = %stored.name.escape_debug(), "A login has changed its password");
        }
        if stored.must_change {
            return refuse(Reason::MustChange, true);
        }
        let age = now().saturating_sub(stored.password_set);
        if stored.is_expiration_checked && age > self.options.password_max_age {
            return refuse(Reason::Expired, true);
        }
        if stored.bad_passwords != 0 {
            stored.unlock();
            catalog.keep_login(&stored)?;
        }
        Ok(stored)
    }

    /// Counts a wrong password, and locks the login with it when there were too many.
    fn note_wrong_password(
        &self,
        catalog: Catalog<'_>,
        login: &mut logins::Login,
    ) -> Result<(), SqlError> {
        if !login.is_policy_checked || self.options.lockout_threshold == 0 {
            return Ok(());
        }
        let now = now();
        if now.saturating_sub(login.bad_password_at) > self.options.lockout_duration {
            login.bad_passwords = 0;
        }
        login.bad_passwords += 1;
        login.bad_password_at = now;
        if login.bad_passwords >= self.options.lockout_threshold {
            login.locked_at = Some(now);
        }
        catalog.keep_login(login)
    }
}

/// Gives a login the password that its owner, who knew the old one, wants while logging in.
///
/// # Errors
/// 18464, 18465 or 18466 when the policy refuses it; then the old one stays.
fn change_password(login: &mut logins::Login, new: &Secret) -> Result<(), SqlError> {
    let checked = password::check(&login.name, new, login.is_policy_checked);
    checked.map_err(|error| errors::password_not_changed(&login.name, &error))?;
    login.set_password(password::hash(new)?);
    Ok(())
}

// === impl Options ===

impl Options {
    /// Whether a login that was locked at a moment still is.
    fn is_locked(&self, locked_at: i64, now: i64) -> bool {
        self.lockout_duration == 0 || now.saturating_sub(locked_at) < self.lockout_duration
    }
}
