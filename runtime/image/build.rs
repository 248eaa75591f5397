//! Embeds what images are made of, so that the program needs no files beside itself: the folder
//! `images/`, the scripts' side of `sdk/`, and the supervisor (PID 1 of every worker), which is linked statically because it
//! runs in images with any C library or none.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    embed(&root, &out)?;
    build_supervisor(&root, &out)
}

/// Writes `embedded.rs`: every file of `images/` as a pair of its path there and its bytes, and
/// those of the package in `sdk/` by their path from the repository's root.
fn embed(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let images = root.join("images");
    let mut files = Vec::new();
    collect(&images, &mut files)?;
    collect(&root.join("sdk/launchpod"), &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    for path in files {
        let name = path.strip_prefix(&images).or_else(|_| path.strip_prefix(root))?;
        let name = name.to_str().ok_or("a file name is not UTF-8")?;
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    code.push_str("]\n");
    fs::write(out.join("embedded.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    // A folder's own time changes when a file in it comes or goes; the files themselves are
    // watched by include_bytes.
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name == "__pycache__" || name == "tests" || name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Builds the supervisor with a cargo of its own: the target's flags differ from ours, and a
/// target directory of its own keeps it off the lock that the outer cargo holds.
fn build_supervisor(root: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let target = env::var("TARGET")?;
    let manifest = root.join("runtime/supervisor/Cargo.toml");
    let directory = out.join("supervisor-target");
    let status = Command::new(env::var("CARGO")?)
        .args(["build", "--release", "--quiet", "--target", &target])
        .arg("--manifest-path")
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&directory)
        .env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols")
        // What the outer cargo (or clippy, or a coverage tool) sets for our own compilation.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CLIPPY_ARGS")
        .status()?;
    if !status.success() {
        return Err(format!("building {} failed: {status}", manifest.display()).into());
    }
    let built = directory.join(&target).join("release/launchpod-supervisor");
    fs::copy(&built, out.join("supervisor"))?;

    println!("cargo::rerun-if-changed={}", manifest.display());
    println!("cargo::rerun-if-changed={}", root.join("Cargo.lock").display());
    // Cargo's own list of the sources it read (Make's syntax: `target: source source`).
    let sources = fs::read_to_string(built.with_extension("d"))?;
    for source in sources.split_once(": ").map_or("", |(_, list)| list).split_whitespace() {
        println!("cargo::rerun-if-changed={source}");
    }
    Ok(())
}
