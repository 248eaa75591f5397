//! What every database has itself: catalog views, metadata functions and procedures.
//!
//! They are T-SQL in the files of this folder, which the binder reads as it reads a user's. A
//! view's text may name the [base] tables; a procedure's may use what [`run`] runs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use launchpod_tsql::ast::{
    CreateFunction, CreateProcedure, CreateView, ObjectName, ParameterDefinition, Query, Statement,
    StatementKind, fold_name,
};

pub(crate) mod base;
mod changes;
mod dependencies;
mod extended;
pub(crate) mod listing;
pub(crate) mod locks;
pub(crate) mod machine;
pub(crate) mod messages;
mod ranges;
pub(crate) mod run;
mod security;
pub(crate) mod user_messages;

/// A catalog view.
pub(crate) struct SystemView {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) query: Query,
    /// Whether it can be named without its schema, as those of old can.
    plain: bool,
}

/// A system procedure.
#[derive(Clone)]
pub(crate) struct SystemProcedure {
    pub(crate) name: String,
    pub(crate) parameters: Vec<ParameterDefinition>,
    pub(crate) body: Vec<Statement>,
}

/// The texts of views, and whether they can be named without their schema.
const VIEWS: [(&str, bool); 11] = [
    (include_str!("views/objects.sql"), false),
    (include_str!("views/columns.sql"), false),
    (include_str!("views/constraints.sql"), false),
    (include_str!("views/odbc.sql"), false),
    (include_str!("views/server.sql"), false),
    (include_str!("views/sessions.sql"), false),
    (include_str!("views/external_scripts.sql"), false),
    (include_str!("views/resources.sql"), false),
    (include_str!("views/security.sql"), false),
    (include_str!("views/compatibility.sql"), true),
    (include_str!("views/information_schema.sql"), false),
];

/// The texts of procedures.
const PROCEDURES: [&str; 9] = [
    include_str!("procedures/odbc.sql"),
    include_str!("procedures/help.sql"),
    include_str!("procedures/security.sql"),
    include_str!("procedures/driver.sql"),
    include_str!("procedures/properties.sql"),
    include_str!("procedures/locks.sql"),
    include_str!("procedures/messages.sql"),
    include_str!("procedures/files.sql"),
    include_str!("procedures/sequences.sql"),
];

/// The texts of functions.
const FUNCTIONS: [&str; 3] = [
    include_str!("functions/metadata.sql"),
    include_str!("functions/tables.sql"),
    include_str!("functions/files.sql"),
];

/// Procedures that have a second name, for clients of another version.
const ALIASES: [(&str, &str); 4] = [
    ("sp_special_columns_90", "sp_special_columns"),
    ("sp_special_columns_100", "sp_special_columns"),
    ("sp_statistics_100", "sp_statistics"),
    ("sp_tablecollations_90", "sp_tablecollations_100"),
];

struct System {
    functions: BTreeMap<String, CreateFunction>,
    views: BTreeMap<(String, String), SystemView>,
    procedures: BTreeMap<String, SystemProcedure>,
}

static SYSTEM: LazyLock<System> = LazyLock::new(System::read);

/// The view of a name: `sys.x` and `INFORMATION_SCHEMA.X`; `sysobjects` and its kin also with
/// the schema `dbo` or none.
pub(crate) fn view(name: &ObjectName) -> Option<&'static SystemView> {
    let schema = name.schema.as_ref().map_or("dbo".to_owned(), |schema| schema.fold());
    let plain = schema == "dbo";
    let schema = if plain { "sys".to_owned() } else { schema };
    SYSTEM.views.get(&(schema, name.name.fold())).filter(|view| view.plain || !plain)
}

/// The procedure of a name, which every schema of its database knows.
pub(crate) fn procedure(name: &ObjectName) -> Option<&'static SystemProcedure> {
    let schema = name.schema.as_ref().map(|schema| schema.fold());
    let known = schema.is_none_or(|schema| schema == "sys" || schema == "dbo");
    let name = name.name.fold();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let name = alias.map_or(name.as_str(), |(_, procedure)| procedure);
    SYSTEM.procedures.get(name).filter(|_| known)
}

/// The function of a name in any case.
pub(crate) fn function(name: &str) -> Option<&'static CreateFunction> {
    SYSTEM.functions.get(&fold_name(name))
}

/// How many arguments a function takes: the least and the most.
pub(crate) fn arity(function: &CreateFunction) -> (usize, usize) {
    let required = function.parameters.iter().filter(|parameter| parameter.default.is_none());
    (required.count(), function.parameters.len())
}

/// The number of the view or procedure of a name whose type code `wanted` takes.
pub(crate) fn number(schema: &str, name: &str, wanted: impl Fn(&str) -> bool) -> Option<i64> {
    let is_it = |(known, object, code): &(&str, &str, &str)| {
        known.eq_ignore_ascii_case(schema)
            && object.eq_ignore_ascii_case(name)
            && wanted(code.trim_end())
    };
    listing::numbered().find(|(_, object)| is_it(object)).map(|(number, _)| number)
}

/// The schema and name of the view or procedure of a number.
pub(crate) fn numbered(number: i64) -> Option<(&'static str, &'static str)> {
    let found = listing::numbered().find(|(known, _)| *known == number);
    found.map(|(_, (schema, name, _))| (schema, name))
}

/// The schemas, names and type codes of all views and procedures.
fn names() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let views = SYSTEM.views.values().map(|view| (view.schema.as_str(), view.name.as_str(), "V "));
    views.chain(SYSTEM.procedures.values().map(|found| ("sys", found.name.as_str(), "P ")))
}

// === impl System ===

impl System {
    fn read() -> System {
        let mut system = System {
            functions: BTreeMap::new(),
            views: BTreeMap::new(),
            procedures: BTreeMap::new(),
        };
        for kind in FUNCTIONS.into_iter().flat_map(definitions) {
            if let StatementKind::CreateFunction(function) = kind {
                system.functions.insert(function.name.name.fold(), *function);
            }
        }
        for (text, plain) in VIEWS {
            for kind in definitions(text) {
                if let StatementKind::CreateView(view) = kind {
                    system.add_view(*view, plain);
                }
            }
        }
        for kind in PROCEDURES.into_iter().flat_map(definitions) {
            if let StatementKind::CreateProcedure(procedure) = kind {
                let CreateProcedure { name, parameters, body, .. } = *procedure;
                let name = name.name.text;
                let found = SystemProcedure { name: name.clone(), parameters, body };
                system.procedures.insert(fold_name(&name), found);
            }
        }
        system.add_property_procedures();
        system
    }

    /// The procedures about extended properties look alike; who drops one gives no value.
    fn add_property_procedures(&mut self) {
        let Some(add) = self.procedures.get("sp_addextendedproperty") else { return };
        let mut others = [add.clone(), add.clone()];
        for (other, name) in
            others.iter_mut().zip(["sp_updateextendedproperty", "sp_dropextendedproperty"])
        {
            name.clone_into(&mut other.name);
        }
        others[1].parameters.retain(|parameter| parameter.name != "@value");
        for other in others {
            self.procedures.insert(other.name.clone(), other);
        }
    }

    fn add_view(&mut self, view: CreateView, plain: bool) {
        let schema = view.name.schema.map(|schema| schema.text).unwrap_or_default();
        let name = view.name.name.text;
        let key = (fold_name(&schema), fold_name(&name));
        self.views.insert(key, SystemView { schema, name, query: *view.query, plain });
    }
}

/// The definitions of a text, one a batch. That each is read, a test says.
fn definitions(text: &str) -> impl Iterator<Item = StatementKind> {
    launchpod_tsql::split_batches(text)
        .into_iter()
        .filter_map(|batch| launchpod_tsql::parse(batch.text).ok())
        .flat_map(|batch| batch.statements.into_iter().map(|statement| statement.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_a_definition() {
        let texts = VIEWS.into_iter().map(|(text, _)| text).chain(PROCEDURES).chain(FUNCTIONS);
        for batch in texts.flat_map(launchpod_tsql::split_batches) {
            let parsed = launchpod_tsql::parse(batch.text);
            let parsed = parsed.unwrap_or_else(|error| panic!("{error:?} in {}", batch.text));
            assert!(
                matches!(
                    parsed.statements.as_slice(),
                    [Statement {
                        kind: StatementKind::CreateView(_)
                            | StatementKind::CreateProcedure(_)
                            | StatementKind::CreateFunction(_),
                        ..
                    }]
                ),
                "{}",
                batch.text
            );
        }
    }
}
