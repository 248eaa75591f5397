//! Tests of the embedded database, in one program: each program would link all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod alter;
mod builtin_examples;
mod builtins;
mod constraints;
mod crash;
mod dates;
mod discovery;
mod expressions;
mod extremes;
mod for_xml;
mod functions;
mod governor;
mod history;
mod identities;
mod insert;
mod logins;
mod loopback;
mod merge;
mod modules;
mod permissions;
mod permissions_columns;
mod pivot;
mod properties;
mod queries;
mod query_errors;
mod refreshing;
mod renaming;
mod rowsets;
mod rowversion;
mod rules;
mod select;
mod sequences;
mod sessions;
mod shapes;
mod statements;
mod support;
mod synonyms;
mod system;
mod tables;
mod types;
mod updatable;
mod views;

/// A file that no line above names would be compiled by nobody, and its tests run by nobody.
#[test]
fn every_file_is_a_module() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let is_source =
            path.extension().is_some_and(|it| it == "rs") || path.join("mod.rs").exists();
        let named = include_str!("main.rs").contains(&format!("\nmod {name};\n"));
        assert!(
            named || name == "main" || !is_source,
            "{} is no module of main.rs",
            path.display()
        );
    }
}
