//! Who may do what: principals, permissions and the execution context.
//!
//! The [rules](rights) are pure. What they are applied to is [loaded](context) from the catalog
//! once for each caller and database, and kept until somebody changes it. [`check`] says which
//! permissions statements need; the binder asks it for every object that a query names, and
//! [`columns`] for every column.

pub(crate) mod attempts;
mod authenticate;
pub(crate) mod check;
pub(crate) mod columns;
pub(crate) mod context;
pub(crate) mod grants;
mod impersonate;
pub(crate) mod logins;
pub(crate) mod password;
pub(crate) mod permission;
pub(crate) mod principal;
pub(crate) mod rights;
mod roles;
mod statement;
pub(crate) mod store;
mod users;
mod visible;
