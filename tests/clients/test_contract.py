"""Each client does the same: connects, runs, gets values back, sees messages and errors, cancels."""

import re

import pytest

from harness.drivers import DRIVERS
from harness.scripts import DOCUMENTED, ENDLESS, FAILS, FAILURE_TEXTS, PRINTS, SCALARS


@pytest.fixture(params=DRIVERS)
def client(request, server):
    client = DRIVERS[request.param](server)
    yield client
    client.close()
    server.wait_for_no_containers()


def test_connects(client):
    assert client.run("SELECT @@SPID - @@SPID AS zero, SUSER_SNAME() AS who").sets == [[("0", "sa")]]


def test_documented_script(client):
    result = client.run(DOCUMENTED)
    assert result.error == ""
    assert result.sets == [[("1",)]]


def test_scalars_and_an_output_value(client):
    result = client.run(SCALARS)
    assert result.error == ""
    assert result.sets == [[("42", "grüße dich")]]


def test_messages(client):
    result = client.run(PRINTS)
    assert result.error == ""
    told = "\n".join(result.messages)
    assert "STDOUT message(s) from external script:" in told
    assert "printed by the script" in told


def test_failure(client):
    result = client.run(FAILS)
    assert re.search(FAILURE_TEXTS[0], result.error), result.error
    if client.tells_every_error:
        told = "\n".join([*result.messages, result.error])
        first, second = (re.search(pattern, told) for pattern in FAILURE_TEXTS)
        assert first and second, told
        assert first.start() < second.start()
    assert client.run(DOCUMENTED).sets == [[("1",)]]


def test_cancelled_midway(server, client):
    client.cancel(ENDLESS, server.wait_for_script)
    server.wait_for_no_containers()
    assert client.run(DOCUMENTED).sets == [[("1",)]]
