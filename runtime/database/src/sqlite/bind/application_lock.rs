//! APPLOCK_MODE and APPLOCK_TEST.

use launchpod_types::{Length, SqlError, SqlType, Value};

use super::Binder;
use super::tree::Bound;
use crate::sqlite::application_locks::{Mode, Owner};
use crate::sqlite::errors;

/// What APPLOCK_MODE returns.
const MODE: SqlType = SqlType::NVarChar(Length::Limited(32));

// === impl Binder ===

impl Binder<'_> {
    /// `APPLOCK_MODE(principal, resource, owner)`, `APPLOCK_TEST(principal, resource, mode, owner)`;
    /// `None` for another function.
    ///
    /// # Errors
    /// 8116 for NULL, 1225 and 1226 for a mode and an owner that aren't, 3918 outside of a
    /// transaction that is the owner, 1202.
    pub(super) fn lock_function(
        &mut self,
        name: &str,
        arguments: &[Bound],
    ) -> Result<Option<Bound>, SqlError> {
        let count = match name {
            "APPLOCK_MODE" => 3,
            "APPLOCK_TEST" => 4,
            _ => return Ok(None),
        };
        let name = name.to_ascii_lowercase();
        if arguments.len() != count {
            return Err(errors::argument_count(&name, &count.to_string()));
        }
        let principal = self.lock_argument(&name, arguments, 0)?;
        let resource = self.lock_argument(&name, arguments, 1)?;
        let mode = match count {
            3 => None,
            _ => {
                let mode = Mode::named(&self.lock_argument(&name, arguments, 2)?);
                Some(mode.ok_or_else(|| errors::lock_mode(&name))?)
            }
        };
        let owner = match self.argument(arguments, count - 1)? {
            Some(Value::Text(owner)) => {
                Owner::named(&owner).ok_or_else(|| errors::lock_owner(&name))?
            }
            _ => Owner::Transaction,
        };
        let depth = self.variables.get("@@trancount").map(|variable| &variable.value);
        if owner == Owner::Transaction && !matches!(depth, Some(Value::Int(1..))) {
            return Err(errors::outside_user_transaction());
        }
        let resource = self.environment.lockable(&principal, &resource)?;
        let locks = &self.environment.session.locks;
        let (value, sql_type) = match mode {
            None => (Value::from(locks.mode(&resource, owner).name()), MODE),
            Some(mode) => (Value::Int(locks.would_get(&resource, mode).into()), SqlType::SmallInt),
        };
        Ok(Some(Bound { nullable: true, ..Bound::constant(value, sql_type) }))
    }

    /// An argument that has to be a text.
    fn lock_argument(
        &self,
        name: &str,
        arguments: &[Bound],
        place: usize,
    ) -> Result<String, SqlError> {
        match self.argument(arguments, place)? {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(errors::argument_type(arguments[place].sql_type, place + 1, name)),
        }
    }
}
