"""`launchpod serve`: settings and the administrator's password."""

import stat
import subprocess

from harness.server import BINARY, Server


def test_a_password_is_made_and_only_its_owner_reads_it(tmp_path):
    server = Server(tmp_path, MSSQL_SA_PASSWORD=None)
    try:
        server.start()
        file = server.data / "sa-password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        server.password = file.read_text().strip()
        with server.connect() as session:
            assert session.run("SELECT SUSER_SNAME() AS who").value == "sa"
        assert server.stop() == 0

        server.start()
        with server.connect() as session:
            session.run("SELECT 1 AS a").check()
        assert server.stop() == 0

        server.environment["MSSQL_SA_PASSWORD"] = server.password = Server.password
        server.start()
        assert not file.exists(), "it holds a password that no longer holds"
    finally:
        server.clean_up()


def test_a_weak_password_is_refused(launchpod):
    done = launchpod("serve", "--listen", "127.0.0.1:0", "--data-dir", "data", code=1, MSSQL_SA_PASSWORD="password")
    assert "MSSQL_SA_PASSWORD" in done.stderr


def test_a_flag_over_the_environment_over_the_file(make_server, tmp_path):
    settings = tmp_path / "launchpod.toml"
    settings.write_text("listen = '127.0.0.1:1'\nscript_timeout = 1\nworker_memory = 300\n")
    server = make_server("--config", str(settings), "--worker-memory", "512", LAUNCHPOD_SCRIPT_TIMEOUT="60")
    text = "import time\ntime.sleep(2)\nprint('done')"
    with server.connect() as session:
        call = f"EXEC sp_execute_external_script N'Python', N'{text.replace(chr(39), chr(39) * 2)}'"
        assert session.run(call).check().printed().strip() == "done"


def test_a_key_that_does_not_exist(launchpod, tmp_path):
    (tmp_path / "bad.toml").write_text("lissen = 'x'\n")
    done = launchpod("serve", "--config", "bad.toml", "--data-dir", "data", code=1)
    assert "lissen" in done.stderr


def test_a_limit_that_no_worker_can_have(launchpod):
    done = launchpod("serve", "--worker-processes", "0", "--listen", "127.0.0.1:0", "--data-dir", "data", code=1)
    assert "worker_processes is 0: a worker needs at least 4. Change it in the configuration." in done.stderr


def test_a_port_that_is_taken(server):
    done = subprocess.run(
        [BINARY, "serve", "--listen", f"{server.host}:{server.port}", "--data-dir", server.folder / "second"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert str(server.port) in done.stderr
