"""The way out of a worker: closed, or to the hosts and ports on a list, and nothing else."""

import contextlib
import http.server
import re
import socket
import socketserver
import ssl
import subprocess
import threading

import pytest

from harness.attack import Requests
from harness.docker import gateway, wait_until
from harness.scripts import DOCUMENTED, script
from harness.server import BINARY, ONE_BACKEND
from harness.tds import Outcome

COUNTS = """
SELECT COUNT(*) FROM sys.dm_external_script_request_history
WHERE outbound_allowed = {} AND outbound_refused = {} AND degree_of_parallelism >= {}
"""
# What scripts here begin with.
PRELUDE = """
import os, socket, ssl, urllib.error, urllib.request
def fetch(url, trusted=None):
    context = ssl.create_default_context(cadata=trusted) if trusted else None
    try:
        return urllib.request.urlopen(url, timeout=60, context=context).read().decode()
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError as error:
        return str(error)
def reach(address, port):
    try:
        socket.create_connection((address, port), timeout=3).close()
    except OSError:
        return "no way"
    return "reached"
def tunnel(destination):
    stream = socket.create_connection(("127.0.0.1", 3128))
    stream.sendall(f"CONNECT {destination} HTTP/1.1\\r\\nHost: {destination}\\r\\n\\r\\n".encode())
    head = b""
    while not head.endswith(b"\\r\\n\\r\\n"):
        head += stream.recv(1)
    return stream, head.split()[1].decode()
"""


class Web(http.server.BaseHTTPRequestHandler):
    """Says what it was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        said = f"{self.path} at {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(len(self.rfile.read(length))).encode())
        self.close_connection = True

    def log_message(self, *arguments):
        pass


class Echo(socketserver.StreamRequestHandler):
    """Hears the other side to its end, and answers then; notes who has gone."""

    def handle(self):
        said = self.rfile.read()
        with contextlib.suppress(OSError):
            self.wfile.write(said[::-1])
        self.server.heard.append(said)


class Destinations:
    """Servers on an address of the host's that isn't its loopback device."""

    def __init__(self, folder):
        self.host = gateway()
        self.web = self._serve(http.server.ThreadingHTTPServer((self.host, 0), Web))
        secure = http.server.ThreadingHTTPServer((self.host, 0), Web)
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=destination",
             "-addext", f"subjectAltName=IP:{self.host}"],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        self.secure = self._serve(secure)
        self.certificate = certificate.read_text()
        self.echo = self._serve(socketserver.ThreadingTCPServer((self.host, 0), Echo))
        self.echo.heard = []
        self.unlisted = self._serve(http.server.ThreadingHTTPServer((self.host, 0), Web))
        self.all = [self.web, self.secure, self.echo, self.unlisted]

    @staticmethod
    def _serve(server):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def at(self, server) -> str:
        return f"{self.host}:{server.server_address[1]}"

    @property
    def listed(self) -> str:
        return ",".join([*(self.at(server) for server in (self.web, self.secure, self.echo)), "localhost:80"])

    def close(self):
        for server in self.all:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def destinations(tmp_path_factory):
    made = Destinations(tmp_path_factory.mktemp("destinations"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def open_server(module_server, destinations):
    """A server whose scripts reach three of the destinations, and a name of the host's own."""
    return module_server(LAUNCHPOD_PYTHON_OUTBOUND=destinations.listed)


def counted(server, allowed: int, refused: int, workers: int = 1):
    """Waits until a script's row says so: it is written a moment later."""
    with server.connect() as session:
        query = COUNTS.format(allowed, refused, workers)
        wait_until(lambda: session.run(query).value, f"{allowed} allowed, {refused} refused")


@pytest.mark.threat(23)
def test_a_script_reaches_what_is_listed_and_nothing_else(attack, open_server, destinations):
    web, secure, echo, unlisted = (destinations.at(server) for server in destinations.all)
    text = PRELUDE + f"""
import launchpod
print(fetch("http://{web}/a?b=c"))
print(fetch("https://{secure}/d", {destinations.certificate!r}))
request = urllib.request.Request("http://{web}/", data=bytes(1 << 20))
print(urllib.request.urlopen(request, timeout=60).read().decode())
print(fetch("http://{unlisted}/"), end="")
print(fetch("https://{unlisted}/"))
print(fetch("http://localhost:80/".replace("localhost", "LOCALHOST.")), end="")
# By themselves, and by no other protocol.
print(reach("{destinations.host}", {destinations.web.server_address[1]}), reach("169.254.169.254", 80), reach("example.com", 80))
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    try:
        socket.socket(socket.AF_INET, kind)
    except PermissionError:
        print("refused", end=" ")
print(os.listdir("/sys/class/net"))
# What isn't HTTP goes by CONNECT; that one side has said all is told to the other.
stream, status = tunnel("{echo}")
stream.sendall(b"abc" * 100000)
stream.shutdown(socket.SHUT_WR)
answer = b"".join(iter(lambda: stream.recv(65536), b""))
print(status, answer == b"cba" * 100000)
for wrong in ("{unlisted}", "example.com:443", "[::1]:{open_server.port}", "127.0.0.1:{open_server.port}", "0.0.0.0:80"):
    print(tunnel(wrong)[1], end=" ")
print(tunnel("127.1:80")[1])
with launchpod.connect() as connection:
    cursor = connection.cursor()
    cursor.execute("SELECT 1")
    print(cursor.fetchone())
"""
    said = attack(open_server, script(text), "succeeded").printed().splitlines()
    assert said[0] == f"/a?b=c at {web}"
    assert said[1] == f"/d at {secure}"
    assert said[2] == str(1 << 20)
    assert re.fullmatch(rf"403 launchpod: {unlisted} is not among .*\(python_outbound\).*\[external_resource_pools\.NAME\].*", said[3]), said[3]
    assert said[4] == "<urlopen error Tunnel connection failed: 403 Forbidden>"
    assert "403 launchpod: localhost:80 can't be reached" in said[5] and "not opened itself" in said[5], said[5]
    assert said[6] == "no way no way no way"
    assert said[7] == "refused refused ['lo']"
    assert said[8] == "200 True"
    assert said[9] == "403 403 403 403 403 400"
    assert said[10] == "(1,)"
    log = open_server.log_text()
    assert re.search(rf"a script asked for the way out.*{web}", log) and re.search(r"refused.*example\.com:443|example\.com:443.*refused", log)


def test_the_history_counts_what_was_asked_for(open_server, destinations):
    web, unlisted = destinations.at(destinations.web), destinations.at(destinations.unlisted)
    with open_server.connect() as session:
        text = PRELUDE + f"""
for _ in range(3):
    fetch("http://{web}/")
for _ in range(2):
    fetch("http://{unlisted}/")
"""
        session.run(script(text)).check()
    counted(open_server, 3, 2)
    # However it ends.
    with open_server.connect() as session:
        outcome = session.run(script(PRELUDE + f'fetch("http://{web}/"); os.kill(os.getpid(), 9)'))
        assert outcome.errors
    counted(open_server, 1, 0)


@pytest.mark.threat(23)
def test_what_a_script_sends_is_limited_and_counted(attack, module_server, destinations):
    server = module_server(LAUNCHPOD_PYTHON_OUTBOUND=destinations.listed, LAUNCHPOD_OUTBOUND_SIZE="2")
    web, echo = destinations.at(destinations.web), destinations.at(destinations.echo)
    text = PRELUDE + f"""
request = urllib.request.Request("http://{web}/", data=bytes(1 << 20))
print(urllib.request.urlopen(request, timeout=60).read().decode())
"""
    assert attack(server, script(text), "succeeded").printed() == str(1 << 20)
    destinations.echo.heard.clear()
    text = PRELUDE + f"""
import time
streams = [tunnel("{echo}")[0] for _ in range(4)]
for stream in streams:
    try:
        stream.sendall(bytes(1 << 20))
    except OSError:
        pass
time.sleep(3600)
"""
    outcome = attack(server, script(text), "too much sent outward")
    assert outcome.numbers[:2] == [39127, 39019]
    assert "the limit is 2 MiB (outbound_size in the configuration)" in outcome.errors[1].text
    wait_until(lambda: len(destinations.echo.heard) == 4, "the tunnels' ends")
    assert sum(map(len, destinations.echo.heard)) <= 2 << 20
    query = """
SELECT outbound_bytes_sent, outbound_bytes_received FROM sys.dm_external_script_request_history
WHERE outbound_allowed > 0 ORDER BY start_time
"""
    with server.connect() as session:
        within, past = session.run(query).only.rows
    assert 1 << 20 < within[0] < 2 << 20 < past[0] < 8 << 20, (within, past)
    assert 0 < within[1] < 4096 and past[1] > 0, (within, past)


@pytest.mark.threat(23)
def test_connections_are_so_many_and_none_stays_idle(attack, module_server, destinations):
    server = module_server(
        LAUNCHPOD_PYTHON_OUTBOUND=destinations.listed,
        LAUNCHPOD_SCRIPT_CONNECTIONS="2",
        LAUNCHPOD_OUTBOUND_IDLE_TIMEOUT="20",
    )
    web, echo = destinations.at(destinations.web), destinations.at(destinations.echo)
    text = PRELUDE + f"""
held = [tunnel("{echo}")[0] for _ in range(2)]
for _ in range(10):
    held.pop(0).close()
    held.append(tunnel("{echo}")[0])
print(fetch("http://{web}/"), end="")
print([stream.recv(1) for stream in held])
print(fetch("http://{web}/x"))
1 / 0
"""
    outcome = attack(server, script(text), "script failed")
    said = outcome.printed().splitlines()
    assert said[0].startswith("503 launchpod: a script may have 2 connections outward at once (script_connections in")
    assert said[1:] == ["[b'', b'']", f"/x at {web}"]
    assert "20 s without a byte (outbound_idle_timeout in the configuration)" in outcome.errors[-1].text


def test_workers_in_parallel_have_a_way_out_each(open_server, destinations):
    text = PRELUDE + f"""
OutputDataSet = pandas.DataFrame({{"said": [fetch("http://{destinations.at(destinations.web)}/x")]}})
"""
    batch = script(
        text,
        query="WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n OPTION (MAXRECURSION 0)",
        clause="WITH RESULT SETS ((said nvarchar(100)))",
        parallel="1",
        params="N'@r_rowsPerRead int'",
        r_rowsPerRead="5000",
    )
    with open_server.connect() as session:
        rows = session.run(batch).check().only.rows
    # Of four chunks or more: each worker has its own.
    assert len(rows) >= 4 and set(rows) == {(f"/x at {destinations.at(destinations.web)}",)}
    counted(open_server, len(rows), 0, workers=2)


def test_a_way_out_ends_with_its_call(open_server, destinations):
    echo = destinations.at(destinations.echo)
    destinations.echo.heard.clear()
    with open_server.connect() as session:
        text = PRELUDE + f"""
stream, status = tunnel("{echo}")
stream.sendall(b"open")
print(status)
os.kill(os.getpid(), 9)
"""
        assert session.run(script(text)).errors
    wait_until(lambda: destinations.echo.heard, "the tunnel's end")
    open_server.wait_for_no_containers()


@pytest.mark.threat(21, 23)
def test_a_script_that_is_cancelled_holds_no_connection(attack, open_server, destinations):
    """Neither outward nor back: what it has changed isn't there, and nobody waits for it."""
    web, echo = destinations.at(destinations.web), destinations.at(destinations.echo)
    destinations.echo.heard.clear()
    batch = script(PRELUDE + f"""
import launchpod, threading, time
held = [tunnel("{echo}")[0] for _ in range(4)]
for stream in held:
    stream.sendall(b"open")
held.append(socket.create_connection(("127.0.0.1", 3128)))
held[-1].sendall(b"GET http://{web}/ HTTP/1.1\\r\\nHost: {web}\\r\\n")
sessions = [launchpod.connect(autocommit=True) for _ in range(4)]
sessions[0].cursor().execute("BEGIN TRANSACTION; INSERT held VALUES (1)")
waiting = threading.Thread(target=sessions[1].cursor().execute, args=("WAITFOR DELAY '23:00:00'",), daemon=True)
waiting.start()
print("all is open")
time.sleep(3600)
""")
    own = "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE host_name = 'worker'"
    with open_server.connect() as session:
        session.run("CREATE TABLE held (n int)").check()
        assert session.run(DOCUMENTED).value == 1
    before = open_server.descriptors()
    with open_server.connect() as session, open_server.connect() as client:
        requests = Requests(open_server, batch)
        running = client.begin(batch)
        running.hear()
        assert session.run(own).value == 4 and not destinations.echo.heard
        running.cancel()
        assert session.run(DOCUMENTED).value == 1
        wait_until(lambda: destinations.echo.heard == [b"open"] * 4, "the tunnels' ends")
        wait_until(lambda: session.run(own).value == 0, "no session of the script's")
        session.run("SET LOCK_TIMEOUT 0; INSERT held VALUES (2); SET LOCK_TIMEOUT -1").check()
        assert session.run("SELECT n FROM held").rows == [(2,)]
        session.run("DROP TABLE held").check()
    open_server.wait_for_nothing_left()
    open_server.wait_for_no_more_descriptors(before)
    attack.check(*requests.ended(), "cancelled", Outcome())


@pytest.mark.threat(23)
def test_a_flood_of_questions_ends_nothing_but_itself(attack, open_server):
    text = PRELUDE + """
held = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(10)]
for stream in held[:5]:
    stream.sendall(b"GET http://" + b"a" * 4000)
for _ in range(300):
    assert tunnel("example.com:443")[1] == "403"
rubbish = socket.create_connection(("127.0.0.1", 3128))
rubbish.sendall(bytes(range(256)))
print(rubbish.recv(12))
"""
    before = open_server.log_text().count("a script asked for the way out")
    assert attack(open_server, script(text), "succeeded").printed() == "b'HTTP/1.1 400'"
    counted(open_server, 0, 300)
    assert open_server.log_text().count("a script asked for the way out") - before == 100


def test_it_is_closed_unless_it_is_opened(server):
    text = PRELUDE + """
print(reach("127.0.0.1", 3128), [name for name in os.environ if name.upper().endswith("_PROXY")])
"""
    with server.connect() as session:
        assert session.run(script(text)).check().printed() == "no way []"


def test_it_needs_no_way_back(make_server, destinations):
    server = make_server(LAUNCHPOD_PYTHON_OUTBOUND=destinations.listed, LAUNCHPOD_PYTHON_LOOPBACK="false")
    text = PRELUDE + f"""
print(fetch("http://{destinations.at(destinations.web)}/x"), reach("127.0.0.1", 1433))
"""
    with server.connect() as session:
        said = session.run(script(text)).check().printed()
    assert said == f"/x at {destinations.at(destinations.web)} no way"
    assert server.stop() == 0


def test_it_is_opened_for_a_pool_alone(make_server, destinations, tmp_path):
    """The group of a session's login says in which pool its scripts are, and the pool what they reach."""
    web, secure, unlisted = (destinations.at(server) for server in destinations.all if server is not destinations.echo)
    settings = tmp_path / "launchpod.toml"
    settings.write_text(f'python_outbound = ["{secure}"]\n[external_resource_pools.Callers]\noutbound = ["{web}"]\n')
    server = make_server(LAUNCHPOD_CONFIG=str(settings))
    text = script(PRELUDE + f"""
print(fetch("http://{web}/x")[:3], fetch("http://{unlisted}/x")[:3], tunnel("{secure}")[1])
""")
    with server.connect() as session:
        for statement in (
            "CREATE EXTERNAL RESOURCE POOL callers",
            "CREATE WORKLOAD GROUP callers USING EXTERNAL callers",
            "CREATE LOGIN caller WITH PASSWORD = 'Yukon-900'; ALTER SERVER ROLE sysadmin ADD MEMBER caller",
            "CREATE FUNCTION dbo.f() RETURNS sysname WITH SCHEMABINDING AS BEGIN "
            "RETURN CASE SUSER_SNAME() WHEN 'caller' THEN 'callers' ELSE 'default' END END",
            "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.f)",
        ):
            session.run(statement).check()
        with server.connect(user="caller", password="Yukon-900") as early:
            session.run("ALTER RESOURCE GOVERNOR RECONFIGURE").check()
            # Who came before belongs to no such group.
            assert early.run(text).check().printed() == "403 403 200"
        assert session.run(text).check().printed() == "403 403 200"
    with server.connect(user="caller", password="Yukon-900") as session:
        assert session.run(text).check().printed() == "/x  403 200"
        pools = (
            "SELECT external_pool_name FROM sys.dm_external_script_request_history "
            "WHERE outbound_allowed = 2 AND outbound_refused = 1"
        )
        assert wait_until(lambda: session.run(pools).rows, "the row") == [("callers",)]
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LAUNCHPOD_PYTHON_OUTBOUND": "a.example:443,b.example"}, '"b.example" can\'t be opened'),
        ({"LAUNCHPOD_PYTHON_OUTBOUND": "*:443"}, '"*:443" can\'t be opened'),
        (
            {"LAUNCHPOD_PYTHON_OUTBOUND": "a.example:443", "LAUNCHPOD_PYTHON_NETWORK": "inside"},
            "python_outbound and python_network",
        ),
    ],
)
@ONE_BACKEND
def test_what_cannot_be_opened_is_refused_at_start(make_server, environment, said):
    with pytest.raises(AssertionError, match="launchpod serve ended") as refused:
        make_server(**environment)
    assert said in str(refused.value)


def test_doctor_says_what_is_open():
    command = [BINARY, "doctor", "--listen", "127.0.0.1:0", "--python-outbound", "Api.example.com:443,*.example.org:443"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert "way out: scripts reach api.example.com:443, *.example.org:443, by the server" in found.stdout
