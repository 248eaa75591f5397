"""A bulk load streams: what the server holds does not grow with the rows."""

import os
import subprocess

import pytest

MIB = 1024 * 1024
SMALL, LARGE = 200_000, 2_000_000
# Batches on their way and what the allocator keeps of them; the rows that the small load lacks take
# 36 MB in the file and more than that as values.
ALLOWED_GROWTH = 24 * MIB


@pytest.mark.timeout(1800)
def test_two_million_rows_in_constant_memory(make_server, tmp_path, record_property):
    server = make_server()
    peaks = {}
    for rows in (SMALL, LARGE):
        source = tmp_path / f"{rows}.txt"
        with source.open("w") as file:
            file.writelines(f"{n}\t{n / 2}\tname {n % 1000}\n" for n in range(rows))
        with server.connect(timeout=1200) as session:
            session.run("DROP TABLE IF EXISTS loaded").check()
            session.run("CREATE TABLE loaded (n int NOT NULL, x float NOT NULL, t nvarchar(20))").check()
            server.reset_memory_peak()
            load(server, source, rows)
            peaks[rows] = server.memory_peak()
            loaded = session.run("SELECT COUNT(*), SUM(CAST(n AS bigint)), MAX(t) FROM loaded").rows
        assert loaded == [(rows, rows * (rows - 1) // 2, "name 999")]
        record_property(f"peak RSS of the server, {rows} rows", peaks[rows])
    print(*(f"{rows} rows: {peak / MIB:.1f} MiB" for rows, peak in peaks.items()), sep="; ")
    assert peaks[LARGE] - peaks[SMALL] < ALLOWED_GROWTH


def load(server, source, rows: int):
    """One load of FreeTDS' bcp, which sends all rows as one statement."""
    done = subprocess.run(
        ["freebcp", "master..loaded", "in", source, "-c", "-b", str(rows), "-S", f"{server.host}:{server.port}",
         "-U", server.user, "-P", server.password],
        env={**os.environ, "TDSVER": "7.4"}, capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert f"{rows} rows copied" in done.stdout, done.stdout[-500:] + done.stderr[-500:]
