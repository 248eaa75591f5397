"""A second server on a running one's data changes nothing of it."""

import subprocess


def test_a_second_server_does_not_change_the_password(make_server):
    server = make_server()
    second = subprocess.run(
        [server.process.args[0], "serve", "--listen", "127.0.0.1:0", "--data-dir", server.data,
         "--run-dir", server.folder / "run"],
        env={**server._environment(), "MSSQL_SA_PASSWORD": "Another-pass-1"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert second.returncode == 1
    assert "another server" in second.stderr
    with server.connect() as session:
        assert session.run("SELECT 1 AS alive").value == 1
