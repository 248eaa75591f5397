"""The way out of a worker by an internal network, and a proxy that lets little through."""

import subprocess
import textwrap
import uuid

import pytest

from harness.docker import IMAGE, docker, wait_until
from harness.scripts import DOCUMENTED, script
from harness.server import BINARY

# What a proxy is here: it answers for one name, and refuses every other.
PROXY = """
import http.server
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        allowed = self.path.startswith("http://allowed.example/")
        self.send_response(200 if allowed else 403)
        self.end_headers()
        self.wfile.write(b"let through" if allowed else b"refused")
    do_CONNECT = do_GET
http.server.ThreadingHTTPServer(("0.0.0.0", 3128), Proxy).serve_forever()
"""


@pytest.fixture(scope="module")
def networks():
    """An internal network with a proxy in it, and one that isn't internal; none of them stays."""
    suffix = uuid.uuid4().hex[:8]
    inside, open_, proxy = f"launchpod-test-{suffix}", f"launchpod-open-{suffix}", f"proxy-{suffix}"
    try:
        docker("network", "create", "--internal", inside)
        docker("network", "create", open_)
        docker("run", "--detach", "--name", proxy, "--network", inside, "--entrypoint", "/usr/bin/python3", IMAGE,
               "-c", PROXY)  # fmt: skip
        yield {"inside": inside, "open": open_, "proxy": proxy}
    finally:
        subprocess.run(["docker", "rm", "--force", proxy], capture_output=True)
        subprocess.run(["docker", "network", "rm", inside, open_], capture_output=True)


@pytest.mark.threat(23)
def test_a_script_reaches_what_the_proxy_lets_through_and_nothing_else(attack, networks, make_server):
    server = make_server(
        LAUNCHPOD_PYTHON_NETWORK=networks["inside"],
        LAUNCHPOD_PYTHON_PROXY=f"http://{networks['proxy']}:3128",
        LAUNCHPOD_SANDBOX="auto",
    )
    text = textwrap.dedent("""
        import launchpod, socket, urllib.request, urllib.error
        def fetch(url):
            try:
                return urllib.request.urlopen(url, timeout=60).read().decode()
            except urllib.error.HTTPError as error:
                return error.code
            except OSError as error:
                return "no way"
        print(fetch("http://allowed.example/a"), fetch("http://other.example/"), fetch("https://other.example/"))
        def reach(address, port):
            try:
                socket.create_connection((address, port), timeout=3).close()
            except OSError:
                return "no way"
            return "reached"
        # By themselves: an address outside, the cloud's metadata, and a name that only others know.
        print(reach("1.1.1.1", 53), reach("169.254.169.254", 80), reach("example.com", 80))
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                socket.socket(socket.AF_INET, kind)
            except PermissionError:
                print("refused", end=" ")
        print(len(os.listdir("/sys/class/net")))
        with launchpod.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            print(cursor.fetchone())
    """)

    def said():
        return attack(server, script(text), "succeeded").printed().splitlines()

    wait_until(lambda: "let through" in said()[0], "a proxy that listens")
    assert said() == ["let through 403 no way", "no way no way no way", "refused refused 2", "(1,)"]
    assert "Docker makes the workers" in server.log_text()
    assert server.stop() == 0


@pytest.mark.threat(23)
@pytest.mark.parametrize("which", ["open", "missing", "host", "bridge"])
def test_a_network_that_leads_further_gives_no_worker(attack, networks, make_server, which):
    name = networks.get(which, which)
    server = make_server(LAUNCHPOD_PYTHON_NETWORK=name)
    outcome = attack(server, DOCUMENTED, "launch failed", beside="SELECT 1")
    assert outcome.numbers[0] == 39021
    assert "internal" in " ".join(error.text for error in outcome.errors)
    assert server.stop() == 0


def test_doctor_looks_at_the_network(networks):
    def doctor(network: str) -> subprocess.CompletedProcess:
        command = [BINARY, "doctor", "--listen", "127.0.0.1:0", "--python-network", network]
        return subprocess.run(command, capture_output=True, text=True, timeout=240)

    found = doctor(networks["inside"])
    assert f"network: {networks['inside']} is internal, its containers reach each other" in found.stdout
    assert found.returncode == 0, found.stdout
    found = doctor(networks["open"])
    assert f'network "{networks["open"]}" is not an internal one' in found.stdout
    assert found.returncode == 1
