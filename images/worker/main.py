"""Starts the Python worker: `python3 -I main.py`, with the data connection as descriptor 3."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

sys.path.insert(0, HERE)
from launchpod_worker import worker  # noqa: E402

# Scripts import their own modules, not ours by accident.
sys.path[:] = [folder for folder in sys.path if folder != HERE]

if __name__ == "__main__":
    worker.main()
