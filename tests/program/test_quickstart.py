"""The first thing that a newcomer does."""

import re


def test_quickstart(launchpod):
    done = launchpod("quickstart")
    said = done.stdout + done.stderr
    # The result as a table: a heading, a rule, a row.
    assert re.search(r"\bcol\b\s*\n[^\n]*-[^\n]*\n\W*1\W*\n", done.stdout), done.stdout
    assert re.search(r"sha256:[0-9a-f]{12}", said)
    assert re.search(r"\bms\b.*\d+ in all", said)


def test_quickstart_leaves_the_folder_as_it_was(launchpod, tmp_path):
    launchpod("quickstart")
    assert list(tmp_path.iterdir()) == []
