"""External resource pools: what the scripts of one share."""

import math
import os
import re

import pytest

from harness.docker import wait_until
from harness.scripts import ENDLESS, script

# The host's memory, as the server counts it (sysinfo(2)).
HOST = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
# The least percent of it in which a worker runs, and how many MiB that is.
PERCENT = math.ceil((256 << 20) * 100 / HOST)
SMALL = HOST * PERCENT // 100 >> 20

# Sessions whose client calls itself so are in the group, and so in the pool, of that name.
POOLS = {
    "small": f"MAX_MEMORY_PERCENT = {PERCENT}",
    "narrow": "MAX_PROCESSES = 40",
    "slow": "MAX_CPU_PERCENT = 25",
}


@pytest.fixture(scope="module")
def governed(module_server):
    # A worker may have more than all of the small pool, on a host of any size.
    server = module_server(LAUNCHPOD_QUEUE_TIMEOUT="2", LAUNCHPOD_WORKER_MEMORY=str(2 * SMALL))
    with server.connect() as session:
        for name, limits in POOLS.items():
            session.run(f"CREATE EXTERNAL RESOURCE POOL [{name}] WITH ({limits})").check()
            session.run(f"CREATE WORKLOAD GROUP [{name}] USING EXTERNAL [{name}]").check()
        session.run(
            "CREATE FUNCTION dbo.by_program() RETURNS sysname WITH SCHEMABINDING AS BEGIN RETURN APP_NAME() END"
        ).check()
        session.run("ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.by_program)").check()
        session.run("ALTER RESOURCE GOVERNOR RECONFIGURE").check()
    yield server
    server.wait_for_no_containers()


def in_pool(server, pool: str, batch: str):
    with server.connect(appname=pool) as session:
        return session.run(batch)


def test_who_meets_a_pools_limit_of_memory_is_told_of_the_pool(governed):
    text = f"held = [bytearray(b'x' * (1 << 20)) for _ in range({SMALL})]"
    in_pool(governed, "default", script(text)).check()
    outcome = in_pool(governed, "small", script(text))
    assert outcome.numbers[:2] == [39127, 39019], outcome.errors
    said = outcome.errors[1].text
    assert re.search(rf"limit is {SMALL} MiB \(MAX_MEMORY_PERCENT of the external resource pool 'small'\)", said), said
    with governed.connect() as session:
        last = "SELECT external_pool_name FROM sys.dm_external_script_request_history WHERE outcome = 'out of memory'"
        assert wait_until(lambda: session.run(last).rows, "the row")[0] == ("small",)


def test_a_pool_has_room_for_as_much_as_it_may_use(governed):
    """Its workers never have more memory than the pool together, whoever may write cgroups."""
    governed.wait_for_no_containers()
    running = governed.in_background(ENDLESS, appname="small")
    worker = governed.wait_for_script()
    outcome = in_pool(governed, "small", script("pass"))
    assert outcome.numbers[:2] == [39108, 39019], outcome.errors
    assert "the external resource pool 'small' has room for so many workers: 1 (" in outcome.errors[1].text
    # It is nobody else's.
    in_pool(governed, "default", script("pass")).check()
    governed.kill_worker(worker)
    assert running.result(timeout=120).errors
    governed.wait_for_no_containers()
    # Of a script that calls another one both are in its pool, whatever the inner client calls itself.
    inner = """
import launchpod
cursor = launchpod.connect(appname="default").cursor()
try:
    cursor.execute("EXEC sp_execute_external_script @language = N'Python', @script = N'pass'")
except Exception as error:
    print("39108" in str(error))
"""
    assert in_pool(governed, "small", script(inner)).check().printed() == "True"


def test_a_pools_processors_are_dealt_out(governed):
    governed.wait_for_no_containers()
    whole = len(os.sched_getaffinity(0)) * 0.25
    first = governed.in_background(ENDLESS, appname="slow")
    worker = governed.wait_for_script()
    assert governed.worker_processors(worker) == whole
    second = governed.in_background(ENDLESS, appname="slow")
    both = wait_until(lambda: (found := governed.containers(running=True))[1:] and found, "both workers")
    for each in both:
        wait_until(lambda each=each: governed.worker_processors(each) == whole / 2, "half of the pool")
    (other,) = set(both) - {worker}
    governed.kill_worker(other)
    assert second.result(timeout=120).errors
    wait_until(lambda: governed.worker_processors(worker) == whole, "all of the pool")
    governed.kill_worker(worker)
    assert first.result(timeout=120).errors


def test_who_meets_a_pools_limit_of_processes_is_told_of_the_pool(governed):
    text = """
import threading
held = threading.Event()
for _ in range(100):
    threading.Thread(target=held.wait, daemon=True).start()
"""
    in_pool(governed, "default", script(text)).check()
    outcome = in_pool(governed, "narrow", script(text))
    assert outcome.numbers[:2] == [39127, 39019], outcome.errors
    said = outcome.errors[1].text
    assert "40 processes and threads (MAX_PROCESSES of the external resource pool 'narrow')" in said, said
