"""Starts the Python worker: `python3 main.py`, with the data connection as descriptor 3."""

import sys

from launchpod_worker import worker

# Scripts import their own modules, not ours by accident.
del sys.path[0]

if __name__ == "__main__":
    worker.main()
