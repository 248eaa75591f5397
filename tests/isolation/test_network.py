"""What a script can reach: nothing, whatever the address."""

import socket

import pytest

from harness.docker import gateway
from harness.probes import Probes

NOBODY = {"EPERM", "EACCES", "ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "EADDRNOTAVAIL", "EAFNOSUPPORT"}


@pytest.mark.threat(23)
def test_no_address_answers(attack, server):
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0launchpod-test-host")
    abstract.listen()
    looks = Probes()
    addresses = ["169.254.169.254", "fd00:ec2::254", gateway(), "127.0.0.1", "::1", "8.8.8.8", "0.0.0.0"]
    reached = looks.add(f"""
answer = {{}}
for address in {addresses!r}:
    for port in ({server.port}, 53, 80, 2375):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        def connect():
            with socket.socket(family) as stream:
                stream.settimeout(5)
                stream.connect((address, port))
        answer[f"{{address}} {{port}}"] = attempt(connect)
""")
    resolved = looks.add("""
answer = {}
for name in ("localhost.localdomain", "host.docker.internal", "metadata.google.internal", "example.com"):
    try:
        answer[name] = [found[4][0] for found in socket.getaddrinfo(name, 80)]
    except OSError:
        answer[name] = []
""")
    sockets = looks.add("""
def unix(path):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(path)
answer = {repr(path): attempt(unix, path)
          for path in ("\\0launchpod-test-host", "/var/run/docker.sock", "/run/docker.sock",
                       "/run/containerd/containerd.sock", "/run/launchpod/controller.sock")}
""")
    datagrams = looks.add("answer = attempt(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)")
    answers = looks.answers(attack, server)
    abstract.close()
    assert set(answers[reached].values()) <= NOBODY, answers[reached]
    assert not any(answers[resolved].values()), answers[resolved]
    assert set(answers[sockets].values()) <= {"ECONNREFUSED", "ENOENT", "EACCES"}, answers[sockets]
    assert answers[datagrams] != "allowed"
