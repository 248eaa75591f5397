"""What a script says, and what it is said to: words stay words."""

import contextlib
import re

import pytest

from harness.scripts import script

# A line of the log begins with a moment and a level.
LOG_LINE = re.compile(r"^(\x1b\[\d+m)*\d{4}-\d\d-\d\dT[\d:.]+Z(\x1b\[\d+m| )+ *(TRACE|DEBUG| ?INFO| ?WARN|ERROR)")
FORGED = "2026-01-01T00:00:00.000000Z  INFO launchpod: forged=1"


def check_log(server):
    """Every line of the log is the server's own."""
    lines = server.log_text().splitlines()
    assert lines and all(LOG_LINE.match(line) for line in lines), [one for one in lines if not LOG_LINE.match(one)]
    assert not any(character < " " and character != "\x1b" for line in lines for character in line)


@pytest.mark.threat(32)
def test_what_scripts_and_clients_say_forges_no_line(attack, make_server):
    server = make_server(LAUNCHPOD_LOG="debug,hyper=off,bollard=off")
    nasty = f"\x1b[2J\x07\n{FORGED}\r\n\x00end"
    outcome = attack(server, script(f"print({nasty!r})\nraise ValueError({nasty!r})"), "script failed")
    assert outcome.numbers == [39004, 39019]
    for message in outcome.messages:
        assert "\x1b" not in message.text and "\x00" not in message.text and "\x07" not in message.text
    assert "␛[2J" in outcome.printed() and "␀end" in outcome.errors[1].text
    said = {"user": f"x\n{FORGED}", "appname": f"x\n{FORGED}", "database": f"x\n{FORGED}"}
    for name, value in said.items():
        # Let in or not: what counts is the log.
        with contextlib.suppress(Exception):
            server.connect(**{name: value}).close()
    attack(server, f"EXEC sp_execute_external_script @language = N'x\n{FORGED}', @script = N''", "refused")
    check_log(server)
    assert FORGED not in [line.strip() for line in server.log_text().splitlines()]


PARTIAL = """
import io, struct
import pyarrow as pa
def send(kind, payload=b""):
    os.write(3, struct.pack("<IB", len(payload), kind) + payload)
sink = io.BytesIO()
batch = pa.record_batch({"n": pa.array([1, 2, 3], pa.int32())})
with pa.ipc.new_stream(sink, batch.schema) as writer:
    writer.write_batch(batch)
send(0x32, sink.getvalue())
"""

CHANGED = {
    "exits after a part": PARTIAL + "os._exit(0)",
    "exits after all but the end": PARTIAL + "send(0x33)\nos._exit(0)",
    "closes its socket": "os.close(3)",
    "closes every file": "os.closerange(0, 1024)",
    "replaces the socket": "os.dup2(os.open('/dev/null', os.O_RDWR), 3)",
    "breaks os": "os._exit = os.getpid = os.write = None\nraise ValueError('still told')",
    "breaks the harness": """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("launchpod_worker"):
        for attribute in list(vars(module)):
            if not attribute.startswith("__"): setattr(module, attribute, None)
""",
    "breaks json": "import json\njson.dumps = lambda *_, **__: 'x'\nraise ValueError('no')",
}


@pytest.mark.threat(33)
@pytest.mark.parametrize("text", CHANGED.values(), ids=CHANGED)
def test_a_changed_harness_is_no_success(attack, server, text):
    failures = {"script failed", "runtime lost", "protocol broken"}
    outcome = attack(server, script(text, clause="WITH RESULT SETS ((n int))"), failures)
    assert outcome.numbers[0] in (39004, 39012, 39013), outcome.errors
    assert outcome.return_status != 0


@pytest.mark.threat(34)
def test_names_and_texts_run_nothing(attack, server, sql):
    sql.run("CREATE TABLE dbo.precious (n int); CREATE TABLE dbo.taken (s nvarchar(4000))").check()
    words = "x]; DROP TABLE dbo.precious; --"
    text = f"OutputDataSet = pandas.DataFrame({{{words!r}: [{words!r}]}})"
    try:
        assert attack(server, script(text), "succeeded").value == words
        attack(server, f"INSERT dbo.taken {script(text)}", "succeeded")
        assert sql.run("SELECT s FROM dbo.taken").value == words
        raises = script(f"raise ValueError({words!r})")
        attack(server, raises, "script failed")
        caught = f"BEGIN TRY {raises} END TRY BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH"
        assert words in sql.run(caught).sets[-1].value
        named = script("OutputDataSet = InputDataSet[:]", query="SELECT 1 AS [a]]; DROP TABLE dbo.precious; --]")
        assert attack(server, named, "succeeded").value == 1
        assert sql.run("SELECT COUNT(*) FROM dbo.precious").value == 0
    finally:
        sql.run("DROP TABLE dbo.precious; DROP TABLE dbo.taken")
