//! Procedures whose text is followed by a change of the database, which no text can say.

use launchpod_types::{SqlError, Value};

use super::{extended, user_messages};
use crate::Variables;
use crate::sqlite::embedded::thread::Worker;

/// What is done after a procedure's text, with the variables that it leaves.
pub(super) type Change = fn(&Worker, &Variables) -> Result<(), SqlError>;

/// The change of a procedure.
pub(super) fn of(procedure: &str) -> Option<Change> {
    Some(match procedure {
        "sp_addextendedproperty" => extended::add,
        "sp_updateextendedproperty" => extended::update,
        "sp_dropextendedproperty" => extended::drop,
        "sp_rename" => rename,
        "sp_addmessage" => user_messages::add,
        "sp_dropmessage" => user_messages::drop,
        "sp_altermessage" => user_messages::alter,
        "sp_refreshview" | "sp_refreshsqlmodule" => refresh,
        _ => return None,
    })
}

fn refresh(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    match variables.get("@id").map(|variable| &variable.value) {
        Some(Value::Int(id)) => worker.refresh_module(*id),
        _ => Ok(()),
    }
}

fn rename(worker: &Worker, variables: &Variables) -> Result<(), SqlError> {
    let text = |name: &str| match variables.get(name).map(|variable| &variable.value) {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let kind = text("@objtype").map(str::to_ascii_uppercase);
    let (object, new) = (text("@objname"), text("@newname"));
    worker.rename(object.unwrap_or_default(), new.unwrap_or_default(), kind.as_deref())
}
