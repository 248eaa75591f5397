//! A manifest: every file of an image, so that two builds can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cache;

/// Every file of an image by its path, without times: what makes two images alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    files: BTreeMap<String, String>,
}

/// One entry, before it becomes a line.
pub(crate) struct Entry<'a> {
    /// `d`, `f` or `l`. A hard link is an `f` like the file it names.
    pub(crate) kind: char,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) size: u64,
    /// The SHA-256 of a file, the target of a symbolic link, `-` for a folder.
    pub(crate) content: &'a str,
}

// === impl Manifest ===

impl Manifest {
    /// Reads what [`Manifest::to_text`] wrote; lines that are none are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        Self { files: lines.map(|(path, rest)| (path.to_owned(), rest.to_owned())).collect() }
    }

    pub(crate) fn insert(&mut self, path: &str, entry: &Entry<'_>) {
        let Entry { kind, mode, uid, gid, size, content } = entry;
        let content = content.escape_default();
        let line = format!("{kind}\t{mode:04o}\t{uid}:{gid}\t{size}\t{content}");
        // Tabs and newlines separate, so paths and targets must not hold any.
        self.files.insert(path.escape_default().to_string(), line);
    }

    /// Adds `path` as another name of the file `first`.
    pub(crate) fn copy(&mut self, first: &str, path: &str) {
        if let Some(line) = self.get(first).map(str::to_owned) {
            self.files.insert(path.escape_default().to_string(), line);
        }
    }

    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(&path.escape_default().to_string()).map(String::as_str)
    }

    /// The SHA-256 of a file, when there is such a file.
    pub(crate) fn sha256(&self, path: &str) -> Option<&str> {
        let (kind, rest) = self.get(path)?.split_once('\t')?;
        (kind == "f").then(|| rest.rsplit('\t').next()).flatten()
    }

    /// The paths, escaped as in the text.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The same entries without those for which `drop` says so.
    pub(crate) fn without(mut self, drop: impl Fn(&str) -> bool) -> Self {
        self.files.retain(|path, _| !drop(path));
        self
    }

    /// One line for each file: path, kind (`d`, `f`, `l`), mode, owner, size, and the SHA-256 of
    /// a file or the target of a symbolic link, separated by tabs and in order of the paths.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (path, rest) in &self.files {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{path}\t{rest}");
        }
        text
    }

    /// The SHA-256 of [`Manifest::to_text`].
    #[must_use]
    pub fn hash(&self) -> String {
        cache::hash_bytes(self.to_text().as_bytes())
    }

    /// How many files there are, folders and links included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files that are not alike, one line each, saying how.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (path, old) in &self.files {
            match found.files.get(path) {
                None => lines.push(format!("{path} is missing")),
                Some(new) if new != old => {
                    lines.push(format!("{path} differs: {old} -> {new}").replace('\t', " "));
                }
                Some(_) => {}
            }
        }
        let extra = found.files.keys().filter(|path| !self.files.contains_key(*path));
        lines.extend(extra.map(|path| format!("{path} is not in the manifest")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(content: &str) -> Entry<'_> {
        Entry { kind: 'f', mode: 0o644, uid: 0, gid: 0, size: 3, content }
    }

    #[test]
    fn a_manifest_survives_its_text() {
        let mut manifest = Manifest::default();
        manifest.insert("usr/b\tc", &entry("ab"));
        manifest.insert("usr/a", &entry("cd"));
        assert_eq!(Manifest::parse(&manifest.to_text()), manifest);
        assert!(manifest.to_text().starts_with("usr/a\tf\t0644\t0:0\t3\tcd\n"));
        assert_eq!(manifest.sha256("usr/b\tc"), Some("ab"));
    }

    #[test]
    fn differences_say_which_and_how() {
        let (mut one, mut two) = (Manifest::default(), Manifest::default());
        one.insert("same", &entry("ab"));
        two.insert("same", &entry("ab"));
        one.insert("gone", &entry("ab"));
        two.insert("new", &entry("ab"));
        one.insert("other", &entry("ab"));
        two.insert("other", &entry("cd"));
        assert_eq!(
            one.differences(&two),
            [
                "gone is missing",
                "other differs: f 0644 0:0 3 ab -> f 0644 0:0 3 cd",
                "new is not in the manifest",
            ]
        );
        assert!(one.differences(&one).is_empty());
    }
}
