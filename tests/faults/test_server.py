"""The server dies, is stopped, or its client goes away, while a script runs."""

import resource
import socket
import subprocess

import pytest

from harness.docker import IMAGE, LABEL, containers, docker, remove_containers, wait_until
from harness.scripts import DOCUMENTED, ENDLESS, script
from harness.server import ONE_BACKEND


def test_sigkill(make_server):
    server = make_server()
    running = server.in_background(ENDLESS)
    server.wait_for_script()
    server.kill()
    with pytest.raises(Exception):
        running.result(timeout=60)
    # Nobody is there to remove it: it must end by itself.
    server.wait_for_no_containers()

    server.start()
    with server.connect() as session:
        assert session.run(DOCUMENTED).value == 1


def test_a_start_sweeps_what_an_earlier_one_left_and_nothing_else(make_server):
    server = make_server()
    assert server.stop() == 0
    strangers = "00000000-0000-0000-0000-000000000000"
    try:
        for instance in (server.instance, strangers):
            docker("create", "--label", f"{LABEL}={instance}", IMAGE, "true")
        server.start()
        server.wait_for_no_containers()
        assert len(containers(strangers)) == 1
    finally:
        remove_containers(strangers)


@ONE_BACKEND
def test_who_never_logs_in_keeps_nobody_out(make_server):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        server = make_server(enable=False)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    silent = [socket.create_connection((server.host, server.port)) for _ in range(400)]
    with server.connect() as session:
        assert session.run("SELECT 1").value == 1
    for one in silent:
        one.close()
    assert server.stop() == 0, server.log_text()


def test_sigterm_cancels_the_script(make_server):
    server = make_server(LAUNCHPOD_GRACE="1")
    running = server.in_background(ENDLESS)
    server.wait_for_script()
    assert server.stop() == 0, server.log_text()
    assert server.containers() == []
    with pytest.raises(Exception):
        running.result(timeout=60).check()


def test_sigterm_lets_a_short_script_finish(make_server):
    server = make_server(LAUNCHPOD_GRACE="60")
    running = server.in_background(script("import time\ntime.sleep(3)\nprint('finished')"))
    server.wait_for_script()
    assert server.stop() == 0, server.log_text()
    assert running.result(timeout=60).check().printed().strip() == "finished"
    assert server.containers() == []


def test_a_client_vanishes(server):
    session = server.connect()
    request = session.connection.cursor()._session
    request.submit_plain_query(ENDLESS)
    server.wait_for_script()
    # Closed without a word, as the kernel does for a process that is killed.
    request._tds.sock.shutdown(socket.SHUT_RDWR)
    request._tds.sock.close()
    server.wait_for_no_containers()
    with server.connect() as other:
        assert other.run(DOCUMENTED).value == 1


def test_a_client_is_killed(server):
    command = ["tsql", "-H", server.host, "-p", str(server.port), "-U", server.user, "-P", server.password]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client.stdin.write(f"{ENDLESS}\nGO\n".encode())
    client.stdin.flush()
    server.wait_for_script()
    client.kill()
    client.wait()
    server.wait_for_no_containers()


def test_a_client_stops_reading_and_vanishes(server):
    session = server.connect()
    request = session.connection.cursor()._session
    request.submit_plain_query(
        script("OutputDataSet = pandas.DataFrame({'s': ['x' * 1000] * 100000})")
    )
    server.wait_for_script()
    request._tds.sock.close()
    server.wait_for_no_containers()


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x12\x01\x00\x08\x00\x00\x00\x00",
        b"\x12\x01\xff\xff" + b"\xff" * 65531,
        b"\x10\x01\x00\x10\x00\x00\x01\x00" + b"\xff" * 8,
        b"\x01\x01\x00\x04\x00\x00\x01\x00",
        b"\x16\x03\x01\x00\x05hello",
    ],
)
def test_rubbish_instead_of_tds(server, rubbish):
    with socket.create_connection((server.host, server.port), timeout=60) as connection:
        connection.sendall(rubbish)
        try:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        except ConnectionResetError:
            pass
    assert server.process.poll() is None
    with server.connect() as session:
        assert session.run("SELECT 1 AS alive").value == 1


def test_two_servers_cannot_have_the_same_data(make_server):
    server = make_server()
    second = subprocess.run(
        [server.process.args[0], "serve", "--listen", "127.0.0.1:0", "--data-dir", server.data],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert second.returncode != 0
    with server.connect() as session:
        assert session.run("SELECT 1 AS alive").value == 1


def test_a_probe_of_the_port_is_no_warning(make_server):
    server = make_server(enable=False, LAUNCHPOD_LOG="debug")
    for said in (b"", b"\x12\x01\x00"):
        with socket.create_connection((server.host, server.port)) as probe:
            probe.sendall(said)
    wait_until(lambda: server.log_text().count("left before it sent a PRELOGIN") == 2, "two probes in the log")
    assert "WARN" not in server.log_text()
