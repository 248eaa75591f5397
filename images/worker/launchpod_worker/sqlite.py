"""SQLite without record locks, which a worker can't have: the kernel counts their memory for nobody."""

import ctypes

# Locks a database by a folder beside it (sqlite.org/vfs.html).
_VFS = b"unix-dotfile"


def lock_by_folders() -> None:
    """Makes files of SQLite be locked by folders, where this Python has SQLite."""
    try:
        import _sqlite3

        # What the module is linked with: others may have a SQLite of their own.
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = ctypes.c_void_p
        found = library.sqlite3_vfs_find(_VFS)
        if found:
            library.sqlite3_vfs_register(ctypes.c_void_p(found), 1)
    except (ImportError, OSError, AttributeError):
        # There is none, or it is built in and shows none of its functions.
        pass
