"""Starts the Python worker: `python3 -I main.py`, with the data connection as descriptor 3.

With `--template` it becomes what workers are forked from.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

sys.path.insert(0, HERE)
from launchpod_worker import template, worker  # noqa: E402

# Scripts import their own modules, not ours by accident; but the package `launchpod` is for them.
sys.path[:] = [folder for folder in sys.path if folder != HERE]
sys.path.append(os.path.join(os.path.dirname(HERE), "sdk"))

if __name__ == "__main__":
    if sys.argv[1:] == ["--template"]:
        template.main()
    else:
        worker.main()
