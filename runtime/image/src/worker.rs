//! The worker layer: the supervisor (PID 1) and our own Python code, the same in every image.

use sha2::{Digest, Sha256};

use crate::cache;
use crate::catalog::Catalog;
use crate::contents::OURS;

/// PID 1 of every worker, linked statically.
static SUPERVISOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/supervisor"));

/// Who runs in a container that names nobody else.
pub(crate) const USER: &str = "65534:65534";
pub(crate) const DIRECTORY: &str = "/tmp";

/// One file of the layer.
pub(crate) struct File {
    /// Its path in the image, without the first slash.
    pub(crate) path: String,
    pub(crate) mode: u32,
    pub(crate) bytes: Vec<u8>,
}

/// The worker layer of this program.
pub(crate) struct WorkerLayer {
    pub(crate) files: Vec<File>,
    /// Stands for all of it.
    pub(crate) hash: String,
}

// === impl WorkerLayer ===

impl WorkerLayer {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let python = catalog.worker_files().map(|(path, bytes)| File {
            path: format!("{OURS}/{path}"),
            mode: 0o444,
            bytes: bytes.to_vec(),
        });
        let supervisor =
            File { path: format!("{OURS}/supervisor"), mode: 0o555, bytes: SUPERVISOR.to_vec() };
        let files: Vec<File> = std::iter::once(supervisor).chain(python).collect();

        let mut hash = Sha256::new();
        for file in &files {
            hash.update(format!("{} {:o} {}\n", file.path, file.mode, file.bytes.len()));
            hash.update(&file.bytes);
        }
        // How it is started is a part of it.
        hash.update(entrypoint("").join(" "));
        Self { files, hash: cache::hex(&hash.finalize()) }
    }
}

/// What a container of an image runs: the supervisor, which starts the worker under `python`.
///
/// Isolated mode keeps the script's environment and the current folder out of the worker's own
/// imports.
pub(crate) fn entrypoint(python: &str) -> Vec<String> {
    let supervisor = format!("/{OURS}/supervisor");
    let main = format!("/{OURS}/worker/main.py");
    [&supervisor, "--", python, "-I", "-X", "utf8", &main].map(str::to_owned).into()
}
