//! What somebody may do: pure, so that it can be proved without a database.
//!
//! The rules are those of the documentation's "Permissions (Database Engine)", section "Summary
//! of the permission check algorithm": who owns a thing may do everything to it; else a denial,
//! of the permission or of one that implies it, to any of the caller's principals, decides; else
//! a grant does.

use std::collections::{BTreeSet, HashMap};

use super::permission::{Class, Permission};

/// Whether a permission is given or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Grant,
    GrantWithOption,
    Deny,
}

/// A thing that permissions are on, and what contains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Securable {
    pub(crate) class: Class,
    /// Its number among those of its class; 0 for the server and the database.
    pub(crate) id: i64,
    /// The schema of an object.
    pub(crate) schema: i64,
    /// Who owns it, if it has an owner.
    pub(crate) owner: Option<i64>,
}

/// What somebody may do on the server and in one database, and who they are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights {
    /// Everything, everywhere: a member of sysadmin.
    pub(crate) is_sysadmin: bool,
    /// Everything in the database.
    pub(crate) is_dbo: bool,
    /// The login with its roles, by their numbers.
    pub(crate) server_token: BTreeSet<i64>,
    /// The user with its roles, by their numbers.
    pub(crate) database_token: BTreeSet<i64>,
    entries: HashMap<Place, Vec<(&'static str, Effect)>>,
}

/// A securable's class (by its number) and number.
type Place = (i64, i64);

/// What the rules decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Granted,
    Denied,
    /// Nobody has said anything.
    Absent,
}

// === impl Effect ===

impl Effect {
    /// The code of `sys.database_permissions`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Effect::Grant => "G",
            Effect::GrantWithOption => "W",
            Effect::Deny => "D",
        }
    }

    /// The effect of a code; anything else is a denial.
    pub(crate) fn coded(code: &str) -> Effect {
        match code {
            "G" => Effect::Grant,
            "W" => Effect::GrantWithOption,
            _ => Effect::Deny,
        }
    }
}

// === impl Securable ===

impl Securable {
    pub(crate) const SERVER: Securable = Securable::whole(Class::Server);
    pub(crate) const DATABASE: Securable = Securable::whole(Class::Database);

    const fn whole(class: Class) -> Securable {
        Securable { class, id: 0, schema: 0, owner: None }
    }

    /// A thing that is neither an object nor within a schema.
    pub(crate) fn of(class: Class, id: i64, owner: Option<i64>) -> Securable {
        Securable { id, owner, ..Securable::whole(class) }
    }

    /// An object of a schema.
    pub(crate) fn object(id: i64, schema: i64, owner: i64) -> Securable {
        Securable { id, schema, owner: Some(owner), ..Securable::whole(Class::Object) }
    }

    /// Where permissions of a class that contains this one, or is it, are kept.
    fn place(self, class: Class) -> Place {
        let id = match class {
            Class::Server | Class::Database => 0,
            class if class == self.class => self.id,
            _ => self.schema,
        };
        (class.number(), id)
    }
}

// === impl Rights ===

impl Rights {
    /// Adds what one of the principals has been given or denied.
    pub(crate) fn add(&mut self, permission: Permission, id: i64, effect: Effect) {
        let place = (permission.class().number(), id);
        self.entries.entry(place).or_default().push((permission.code(), effect));
    }

    /// Whether something may be done.
    pub(crate) fn allow(&self, permission: Permission, on: Securable) -> bool {
        self.verdict(permission, on) == Verdict::Granted
    }

    /// What the rules say of a permission.
    pub(crate) fn verdict(&self, permission: Permission, on: Securable) -> Verdict {
        if self.is_above(on) || self.owns(on) {
            return Verdict::Granted;
        }
        decide(self.effects(permission, on).into_iter())
    }

    /// Whether one of the principals has any permission on a thing, which makes it visible.
    pub(crate) fn see(&self, on: Securable) -> bool {
        self.is_above(on) || Permission::of(on.class).any(|permission| self.allow(permission, on))
    }

    /// Whether a permission may be given to others: by who controls the thing, and by who was
    /// given the permission with the option to grant it.
    pub(crate) fn may_grant(&self, permission: Permission, on: Securable) -> bool {
        let control = Permission::coded(on.class, "CL");
        if control.is_some_and(|control| self.allow(control, on)) {
            return true;
        }
        let with_option = self.effects(permission, on).contains(&Effect::GrantWithOption);
        with_option && self.allow(permission, on)
    }

    /// Whether no rule holds: for sysadmin, and for dbo in the database.
    pub(crate) fn is_above(&self, on: Securable) -> bool {
        self.is_sysadmin || (self.is_dbo && !on.class.is_of_server())
    }

    /// Whether a thing belongs to one of the principals.
    pub(crate) fn owns(&self, on: Securable) -> bool {
        let token = if on.class.is_of_server() { &self.server_token } else { &self.database_token };
        on.owner.is_some_and(|owner| token.contains(&owner))
    }

    /// All that is said of a permission and of those that imply it.
    fn effects(&self, permission: Permission, on: Securable) -> Vec<Effect> {
        let mut found = Vec::new();
        let mut left = vec![permission];
        while let Some(permission) = left.pop() {
            found.extend(self.at(on.place(permission.class()), permission.code()));
            left.extend(permission.implied_by());
        }
        found
    }

    fn at(&self, place: Place, code: &str) -> impl Iterator<Item = Effect> {
        let entries = self.entries.get(&place).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter(move |(known, _)| *known == code).map(|(_, effect)| *effect)
    }
}

/// A denial decides, then a grant.
fn decide(effects: impl Iterator<Item = Effect>) -> Verdict {
    effects.fold(Verdict::Absent, |verdict, effect| match (verdict, effect) {
        (Verdict::Denied, _) | (_, Effect::Deny) => Verdict::Denied,
        _ => Verdict::Granted,
    })
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
