//! Tests of sessions, in one program: each program would link all that a session uses.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod application_locks;
mod assigning;
mod compiling;
mod control;
mod cursors;
mod functions;
mod insert_execute;
mod limitations;
mod messages;
mod row_count;
mod scopes;
mod sequences;
mod set_options;
mod smaller_things;
mod support;
mod synonyms;
mod table_types;
mod types;
mod user_messages;

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
