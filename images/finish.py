"""The last step of every environment: make its file system small, read-only and repeatable.

Runs inside the new root file system, as root, under the Python that scripts will use; so it
serves environments bootstrapped on the host and those built by the engine alike. It needs the
standard library only.
"""

import errno
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile

# What the packaging tools leave behind: caches, logs, and files that the engine or the kernel
# provides at run time. None of it is needed to run a script, and much of it differs from one
# build to the next.
LEFTOVERS = (
    "/etc/apt/sources.list",
    "/etc/apt/apt.conf.d/99mmdebstrap",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/machine-id",
    "/etc/passwd-",
    "/etc/resolv.conf",
    "/etc/shadow-",
    "/etc/subgid-",
    "/etc/subuid-",
    "/var/lib/dbus/machine-id",
    "/var/lib/dpkg/available",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/triggers/Lock",
    "/var/lib/dpkg/status-old",
    "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/statoverride-old",
)
EMPTIED = (
    "/root",
    "/run",
    "/tmp",
    "/usr/share/info",
    "/usr/share/lintian",
    "/usr/share/locale",
    "/usr/share/man",
    "/var/cache",
    "/var/lib/apt",
    "/var/log",
    "/var/tmp",
)
# The kernel's and the engine's own, never part of an image.
NOT_OURS = ("/dev", "/proc", "/sys")
# Packages' documentation goes, their licences stay.
DOCUMENTATION = "/usr/share/doc"
# Byte-compiling goes on in this many processes, each with a fixed share of the files: what one
# process compiled before decides which constants it shares, and so the bytes of the next file.
SHARES = 4


def main():
    for path in LEFTOVERS:
        if os.path.lexists(path):
            remove(path)
    for path in EMPTIED:
        empty(path)
    keep_licences()
    sites = site_directories()
    for site in sites:
        drop_tests(site)
    for folder, _, _ in walk("/"):
        if os.path.basename(folder) == "__pycache__":
            shutil.rmtree(folder)
    byte_compile([sysconfig.get_path("stdlib"), *sites])
    restrict()


def walk(top):
    """os.walk in a fixed order, without what is not part of the image."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if os.path.join(folder, f) not in NOT_OURS)
        yield folder, folders, sorted(files)


def empty(path):
    if os.path.islink(path) or not os.path.isdir(path):
        return
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            remove(entry.path)


def remove(path):
    try:
        os.unlink(path)
    except OSError as error:
        # An engine that runs this as a build's step has mounted its own file there; the image
        # gets an empty one.
        if error.errno != errno.EBUSY:
            raise


def keep_licences():
    for folder, folders, files in os.walk(DOCUMENTATION, topdown=False):
        for name in files:
            if name != "copyright":
                os.unlink(os.path.join(folder, name))
        for name in folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and not os.listdir(path):
                os.rmdir(path)


def site_directories():
    """The directories that hold this Python's packages, as opposed to its standard library."""
    names = ("dist-packages", "site-packages")
    return sorted({p for p in sys.path if os.path.basename(p) in names and os.path.isdir(p)})


def drop_tests(site):
    """Remove installed packages' own test suites (a tenth of the image), and their RECORD lines."""
    gone = set()
    for folder, folders, _ in walk(site):
        if "tests" in folders and folder != site:
            folders.remove("tests")
            gone.add(os.path.relpath(os.path.join(folder, "tests"), site))
    for path in gone:
        shutil.rmtree(os.path.join(site, path))
    for info in os.scandir(site):
        record = os.path.join(info.path, "RECORD")
        if not info.name.endswith(".dist-info") or not os.path.exists(record):
            continue
        with open(record, encoding="utf-8", newline="") as file:
            lines = file.readlines()
        kept = [line for line in lines if not any(line.startswith(p + "/") for p in gone)]
        if len(kept) != len(lines):
            with open(record, "w", encoding="utf-8", newline="") as file:
                file.writelines(kept)


def byte_compile(tops):
    sources = set()
    for top in tops:
        for folder, _, files in walk(top):
            sources.update(os.path.join(folder, name) for name in files if name.endswith(".py"))
    sources = sorted(sources)
    with tempfile.TemporaryDirectory(dir="/tmp") as scratch:
        running = []
        for share in range(SHARES):
            listing = os.path.join(scratch, str(share))
            with open(listing, "w", encoding="utf-8") as file:
                file.writelines(f"{path}\n" for path in sources[share::SHARES])
            # -B: or what compileall itself imports is compiled the usual way, with times, before
            # its turn comes.
            command = [sys.executable, "-B", "-X", "utf8", "-m", "compileall", "-f", "-q"]
            command += ["--invalidation-mode", "checked-hash", "-i", listing]
            # The order of a set's elements ends up in the file.
            running.append(subprocess.Popen(command, env={"PYTHONHASHSEED": "0"}))
        failed = [process.wait() for process in running]
    if any(failed):
        # compileall has named the files: templates and other languages' Python among the packages.
        print("launchpod: some files are not valid Python and stay uncompiled", file=sys.stderr)


def restrict():
    """Root owns what nobody else may write; no program raises its caller's rights."""
    for folder, folders, files in walk("/"):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode) or os.path.ismount(path):
                continue
            mode = stat.S_IMODE(status.st_mode)
            # /tmp stays open: a tmpfs mounted there takes its mode from this directory.
            allowed = 0o1777 if path == "/tmp" else 0o0755
            if mode & ~allowed:
                os.chmod(path, mode & allowed)


if __name__ == "__main__":
    main()
