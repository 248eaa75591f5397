//! Root file systems as tar archives that depend on their contents only: entries in order,
//! numeric owners, one modification time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

/// Folders whose contents are the kernel's.
const KERNEL: [&str; 3] = ["dev", "proc", "sys"];

/// Writes all below `root` to `out`.
pub(crate) fn pack(root: &Path, epoch: u64, out: impl Write) -> io::Result<()> {
    let mut paths = Vec::new();
    collect(root, Path::new(""), &mut paths)?;
    let mut tar = Builder::new(out);
    // Where an inode with several names was first seen.
    let mut inodes: HashMap<u64, PathBuf> = HashMap::new();
    for path in paths {
        let source = root.join(&path);
        let metadata = fs::symlink_metadata(&source)?;
        let mut header = Header::new_gnu();
        header.set_mtime(epoch);
        header.set_uid(metadata.uid().into());
        header.set_gid(metadata.gid().into());
        header.set_mode(metadata.permissions().mode() & 0o7777);
        header.set_size(0);
        let kind = metadata.file_type();
        if kind.is_dir() {
            header.set_entry_type(EntryType::Directory);
            tar.append_data(&mut header, &path, io::empty())?;
        } else if kind.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            tar.append_link(&mut header, &path, fs::read_link(&source)?)?;
        } else if let Some(first) = inodes.get(&metadata.ino()) {
            header.set_entry_type(EntryType::Link);
            tar.append_link(&mut header, &path, first)?;
        } else if kind.is_file() {
            header.set_entry_type(EntryType::Regular);
            header.set_size(metadata.len());
            tar.append_data(&mut header, &path, File::open(&source)?)?;
            if metadata.nlink() > 1 {
                inodes.insert(metadata.ino(), path);
            }
        } else if !kind.is_socket() {
            let message = format!("{} is a device or a pipe", path.display());
            return Err(io::Error::other(message));
        }
    }
    tar.into_inner()?.flush()
}

/// The paths below `root`, parents first, by name.
fn collect(root: &Path, folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(root.join(folder))?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let descend = entry.file_type()?.is_dir() && !KERNEL.iter().any(|k| path == Path::new(k));
        paths.push(path.clone());
        if descend {
            collect(root, &path, paths)?;
        }
    }
    Ok(())
}

/// Adds a file or folder of ours (owned by root) to an archive.
pub(crate) fn append(
    tar: &mut Builder<Vec<u8>>,
    path: &str,
    mode: u32,
    epoch: u64,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mtime(epoch);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(bytes.len() as u64);
    header.set_entry_type(if path.ends_with('/') {
        EntryType::Directory
    } else {
        EntryType::Regular
    });
    tar.append_data(&mut header, path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_contents_give_the_same_bytes() {
        let pack_new = |order: [&str; 2]| {
            let root = tempfile::tempdir().unwrap();
            for name in order {
                fs::write(root.path().join(name), name).unwrap();
            }
            fs::create_dir_all(root.path().join("proc/1")).unwrap();
            fs::hard_link(root.path().join("a"), root.path().join("c")).unwrap();
            std::os::unix::fs::symlink("a", root.path().join("d")).unwrap();
            let mut out = Vec::new();
            pack(root.path(), 5, &mut out).unwrap();
            out
        };
        let one = pack_new(["a", "b"]);
        assert_eq!(one, pack_new(["b", "a"]));

        let mut archive = tar::Archive::new(one.as_slice());
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 5);
            (entry.path().unwrap().display().to_string(), entry.header().entry_type())
        });
        let expected = [
            ("a", EntryType::Regular),
            ("b", EntryType::Regular),
            ("c", EntryType::Link),
            ("d", EntryType::Symlink),
            ("proc", EntryType::Directory),
        ];
        let expected: Vec<_> = expected.map(|(path, kind)| (path.to_owned(), kind)).into();
        assert_eq!(entries.collect::<Vec<_>>(), expected);
    }
}
