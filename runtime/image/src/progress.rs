//! Progress of a build, told while it happens.

/// One thing to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A stage began, or goes on with something else: a constant name and what it is at.
    Stage {
        /// `packages`, `wheels`, `bootstrap`, `finish`, `import`, `manifest`, `worker`, `lock`.
        stage: &'static str,
        /// What is being done, for people.
        detail: &'a str,
    },
    /// Something the user should know although the build goes on.
    Warning(&'a str),
}

/// Who is told. Called from the task that builds; it must not block.
pub type Reporter<'a> = &'a (dyn Fn(Progress<'_>) + Send + Sync);

/// Tells `reporter` that `stage` is at `detail`.
pub(crate) fn stage(reporter: Reporter<'_>, stage: &'static str, detail: &str) {
    tracing::debug!(image.stage = stage, image.detail = detail, "building an image");
    reporter(Progress::Stage { stage, detail });
}
