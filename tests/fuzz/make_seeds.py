"""Makes the committed seeds anew: what real clients and real workers send, and what hostile ones might.

    PYTHONPATH=tests $LAUNCHPOD_TEST_PYTHON tests/fuzz/make_seeds.py

Needs a built `launchpod`, whose clients are listened to through a proxy.
"""

import datetime
import decimal
import io
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pyarrow
import pyodbc
import pytds
from pytds.tds_base import Column
from pytds.tds_types import DecimalType, IntType, NVarCharMaxType

REPOSITORY = Path(__file__).parents[2]
sys.path += [str(REPOSITORY / "images/worker"), str(REPOSITORY / "images/worker/tests")]

from controller import field, run
from harness.drivers import MssqlPython, Pymssql
from harness.scripts import DOCUMENTED, SCALARS, script
from harness.server import Server

SEEDS = Path(__file__).parent / "seeds"

SQL_BATCH, RPC, BULK_LOAD, TRANSACTION = 0x01, 0x03, 0x07, 0x0E


def save(target: str, name: str, content: bytes):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


# === Workers ===


def arrow_seeds():
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000)
    columns = {
        "numbers": {"i": pyarrow.array([1, None, -3], pyarrow.int32()), "f": pyarrow.array([0.5, None, float("nan")])},
        "text": {"s": ["a", None, "ü" * 40], "l": pyarrow.array(["x", "", None], pyarrow.large_utf8())},
        "bytes": {"b": pyarrow.array([b"\x00\xff", None, b""], pyarrow.binary())},
        "decimals": {"d": pyarrow.array([decimal.Decimal("1.25"), None], pyarrow.decimal128(9, 3))},
        "times": {
            "d": pyarrow.array([moment.date(), None], pyarrow.date32()),
            "t": pyarrow.array([moment, None], pyarrow.timestamp("us")),
            "n": pyarrow.array([moment, None], pyarrow.timestamp("ns")),
        },
        "bits": {"b": pyarrow.array([True, None, False] * 5), "u": pyarrow.array(range(15), pyarrow.uint8())},
        "nulls": {"n": pyarrow.nulls(3)},
        "views": {"v": pyarrow.array(["short", "a string longer than twelve"], pyarrow.string_view())},
        "refused-list": {"l": pyarrow.array([[1], [2, 3]])},
        "refused-dictionary": {"d": pyarrow.array(["a", "b", "a"]).dictionary_encode()},
        "empty": {"i": pyarrow.array([], pyarrow.int64())},
    }
    for name, named in columns.items():
        batch = pyarrow.record_batch(named)
        sink = io.BytesIO()
        with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
            writer.write_batch(batch)
        save("worker_arrow", name, b"\x3f" + sink.getvalue())


# What a worker makes of them is mutated.
OUTPUTS = {
    "integers": "{'a': np.arange(3, dtype='uint8'), 'b': pandas.array([1, None, -3], 'Int64'), 'c': np.arange(3, dtype='uint64')}",
    "floats": "{'a': [0.5, None, -1e300], 'b': np.array([1, 2, 3], dtype='float32'), 'c': [True, None, False]}",
    "strings": "{'a': ['', None, '𝄞 ü'], 'b': pandas.Categorical(['x', 'yy', 'x']), 'c': ['1.5', '2026-01-02', 'x']}",
    "binary": "{'a': [b'', None, bytes(40)], 'b': [uuid.UUID(int=n) for n in range(3)]}",
    "exact": "{'a': [decimal.Decimal('1.25'), None, decimal.Decimal('-' + '9' * 18)], 'b': [10 ** 20, 1, None]}",
    "moments": "{'a': [datetime.date.min, None, datetime.date.max], 'b': [datetime.time.max, None, datetime.time.min],"
    " 'c': pandas.to_datetime(['2026-01-02', None, '1753-01-01']), 'd': pandas.to_datetime(['2026-01-02'] * 3).tz_localize('Asia/Tokyo')}",
    "none": "{'a': [None, None, None]}",
}


def worker_seeds():
    """Streams and conversations of a real worker process."""
    imports = "import datetime, decimal, uuid\n"
    for name, columns in OUTPUTS.items():
        result = run(f"{imports}OutputDataSet = pandas.DataFrame({columns})")
        save("worker_arrow", f"worker-{name}", b"\x3f" + result.streams[0])
    # Input and OUTPUT parameters; the same in parts; a failure after the output has begun.
    schema = pyarrow.schema([field("n", pyarrow.int32(), "int")])
    batch = pyarrow.record_batch([pyarrow.array([1, 2], pyarrow.int32())], schema=schema)
    text = "OutputDataSet = InputDataSet\nn = len(InputDataSet)"
    n = (field("n", pyarrow.int32(), "int", output=True), 0)
    conversation = {"batches": [batch], "schema": schema, "parameters": [n]}
    save("worker_frames", "worker-input", b"\x0f" + run(text, **conversation).received)
    conversation["batches"], conversation["parts"] = None, [[batch], [batch]]
    save("worker_frames", "worker-parts", b"\x2f" + run(text, **conversation).received)
    save("worker_frames", "worker-failed", b"\x03" + run("raise ValueError('no')").received)


def frame(kind: int, payload: bytes | dict = b"") -> bytes:
    if isinstance(payload, dict):
        payload = json.dumps(payload).encode()
    return struct.pack("<IB", len(payload), kind) + payload


def frame_seeds():
    hello = frame(0x01, {"version": 1, "token": "token", "role": "data"})
    save("worker_frames", "hello", b"\x00" + hello)
    exited = {
        "code": 0, "signal": None, "oom_kills": 0, "pids_denied": 0, "deadline_passed": False,
        "cpu_ms": 412, "max_rss_kib": 91044,
    }  # fmt: skip
    save("worker_frames", "control", b"\x01" + frame(0x12, b"out\n") + frame(0x13, b"err\n") + frame(0x14, exited))
    save("worker_frames", "supervisor", b"\x02" + frame(0x10, {"deadline_ms": 1000}) + frame(0x11))
    ready = frame(0x30, {"runtime": "Python 3.11.7"})
    failed = frame(0x36, {"traceback": "Traceback", "exception": "ValueError", "message": "no"})
    output = frame(0x32, b"arrow") + frame(0x33)
    save("worker_frames", "output", b"\x07" + ready + frame(0x31) + output + frame(0x35))
    save("worker_frames", "results", b"\x1f" + ready + frame(0x31) + output + frame(0x34, b"arrow") + frame(0x35))
    save("worker_frames", "failed", b"\x03" + ready + frame(0x32, b"half") + failed)


# === T-SQL ===


def tsql_seeds():
    batches = {
        "documented": DOCUMENTED,
        "scalars": SCALARS,
        "parameters": "@a int, @b nvarchar(max) OUTPUT, @c decimal(9,3) = 1.5 OUT",
        "columns": "a ASC, [b c] DESC, \"d\"",
        "ddl": "CREATE TABLE [t x] (a int NOT NULL PRIMARY KEY, b nvarchar(max) NULL, c decimal(9,3))\nGO\nDROP TABLE t\n",
        "dml": "INSERT INTO t (a, b) VALUES (1, N'x'), (2, NULL); UPDATE t SET a += 1 WHERE b LIKE '%y'; DELETE t",
        "select": "SELECT TOP (3) a, COUNT(*) AS n, CASE WHEN a > 1 THEN 'x' ELSE 'y' END FROM t AS x JOIN u ON x.a = u.a "
        "LEFT JOIN (SELECT 1 AS q) AS s ON 1 = 1 WHERE a IN (1, 2) AND NOT b IS NULL GROUP BY a HAVING SUM(b) > 0 ORDER BY n DESC",
        "flow": "IF @@TRANCOUNT > 0 BEGIN ROLLBACK END ELSE BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH PRINT ERROR_MESSAGE() END CATCH "
        "WHILE @i < 3 SET @i = @i + 1",
        "odd": "/* a /* nested */ comment */ -- line\nSELECT 0xDEADBEEF, $12.5, 1e-3, N'it''s', [a]]b], \"c\"\"d\", @@VERSION",
        "connect": "SET ARITHABORT ON;SET TEXTSIZE 2147483647 set quoted_identifier on use [master] SELECT schema_name()",
        "deep": "SELECT " + "(" * 40 + "1" + ")" * 40,
    }  # fmt: skip
    for name, text in batches.items():
        save("tsql", name, text.encode())


# Calls of the built-in functions, some to a statement.
BUILTINS = """
SELECT ASCII('a'), CHAR(65), CHARINDEX('b', 'abc', 1), CONCAT('a', 1, NULL), CONCAT_WS(',', 1, 'x'), DIFFERENCE('a', 'b'), LEFT('abc', 2), LEN('a '), LOWER('A'), LTRIM(' a'), NCHAR(8364), PATINDEX('%b_', 'abc'), QUOTENAME('a]', '['), REPLACE('abc', 'B', ''), REPLICATE('ab', 3), REVERSE('ab'), RIGHT('abc', 2), RTRIM('a '), SOUNDEX('ab'), SPACE(3), STR(1.5, 8, 2), STUFF('abc', 2, 1, 'xx'), SUBSTRING('abc', 2, 9), TRANSLATE('abc', 'ab', 'xy'), TRIM('x' FROM 'xax'), UNICODE(N'a'), UPPER('a'), STRING_ESCAPE('"', 'json'), DATALENGTH(N'a'), FORMATMESSAGE('%s %5.2d', 'a', 3)
SELECT value FROM STRING_SPLIT('a,b', ',', 1) SELECT value FROM GENERATE_SERIES(1, 9, 2) SELECT [key], type FROM OPENJSON('{"a":[1,2]}', '$.a') SELECT * FROM OPENJSON('[{"a":1}]') WITH (a int '$.a', b nvarchar(max) '$' AS JSON)
SELECT ABS(-1), ACOS(0.5), ATN2(1, 2), CEILING(1.5), COS(1), COT(1), DEGREES(1), EXP(1), FLOOR(-1.5), LOG(2, 10), LOG10(3), PI(), POWER(2, 31), RADIANS(180.0), RAND(1), ROUND(1.25, 1, 1), SIGN(-2.5), SQRT(2), SQUARE(3), TAN(1), GREATEST(1, 2.5), LEAST('a', 'b'), ISNUMERIC('1e'), CHECKSUM(1, 'a'), BINARY_CHECKSUM('a'), HASHBYTES('SHA2_256', 'a'), BIT_COUNT(7), LEFT_SHIFT(1, 31), GET_BIT(5, 2), SET_BIT(5, 1, 0), COMPRESS('a'), DECOMPRESS(COMPRESS('a'))
SELECT DATEADD(month, -1, '2024-03-31'), DATEDIFF(second, '2024-01-01', SYSDATETIME()), DATEDIFF_BIG(ns, 0, 1), DATENAME(weekday, GETDATE()), DATEPART(iso_week, '2024-01-01'), DATETRUNC(week, SYSUTCDATETIME()), DATE_BUCKET(day, 3, CAST('2024-01-05' AS date)), EOMONTH('2024-02-01', 1), DATEFROMPARTS(2024, 2, 29), DATETIME2FROMPARTS(2024, 1, 1, 1, 1, 1, 5, 7), DATETIMEOFFSETFROMPARTS(2024, 1, 1, 1, 1, 1, 0, -12, 0, 3), TIMEFROMPARTS(1, 2, 3, 0, 0), SMALLDATETIMEFROMPARTS(2024, 1, 1, 1, 1), SWITCHOFFSET(SYSDATETIMEOFFSET(), '+05:30'), TODATETIMEOFFSET('2024-01-01', 60), YEAR(0), ISDATE('x'), GETUTCDATE() AT TIME ZONE 'UTC' AT TIME ZONE 'Pacific Standard Time'
SELECT CAST(1.5 AS decimal(38, 10)), CONVERT(varchar(30), GETDATE(), 126), CONVERT(varbinary(8), '0x12', 1), TRY_CAST('x' AS int), TRY_CONVERT(date, '31.12.2024', 104), PARSE('1,5' AS decimal(9, 2) USING 'de-DE'), TRY_PARSE('x' AS float), CAST('2024-01-01T00:00:00Z' AS datetimeoffset(0)), CAST(0x0102 AS smallint), CAST(-1 AS money), CAST(N'x' AS xml), CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier), FORMAT(1234.5, 'N2', 'en-US'), FORMAT(GETDATE(), 'yyyy-MM-dd HH:mm'), COALESCE(NULL, 1), ISNULL(NULL, 'a'), NULLIF(1, 1), IIF(1 > 2, 'a', 'b'), CHOOSE(2, 'a', 'b')
SELECT JSON_VALUE('{"a":1}', 'strict $.a'), JSON_QUERY('{"a":[1]}', '$.a'), JSON_MODIFY('{}', 'append $.a', 1), ISJSON('[]'), JSON_OBJECT('a':1, 'b':NULL ABSENT ON NULL), JSON_ARRAY(1, 'x'), JSON_PATH_EXISTS('{}', '$.a')
SELECT COUNT_BIG(*), AVG(a), STDEV(a), STDEVP(a), VAR(a), VARP(a), CHECKSUM_AGG(a), APPROX_COUNT_DISTINCT(a), MIN(b), MAX(DISTINCT b), STRING_AGG(b, ';') FROM (VALUES (1, N'x'), (2, NULL)) AS t(a, b)
SELECT RANK() OVER (ORDER BY a), DENSE_RANK() OVER (ORDER BY b), PERCENT_RANK() OVER (ORDER BY a), CUME_DIST() OVER (ORDER BY a), LEAD(a, 2) OVER (ORDER BY a), FIRST_VALUE(b) OVER (ORDER BY a), LAST_VALUE(b) OVER (ORDER BY a ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) OVER () FROM (VALUES (1, N'x'), (2, NULL)) AS t(a, b)
SELECT @@VERSION, @@SPID, @@IDENTITY, @@ERROR, @@NESTLEVEL, SCOPE_IDENTITY(), IDENT_CURRENT('t'), OBJECT_ID('t'), OBJECT_NAME(1), OBJECT_DEFINITION(1), SCHEMA_NAME(), DB_NAME(), DB_ID('master'), COL_LENGTH('t', 'a'), COL_NAME(1, 1), TYPE_ID('int'), PARSENAME('a.b', 1), OBJECTPROPERTY(1, 'IsTable'), SERVERPROPERTY('Edition'), DATABASEPROPERTYEX('master', 'Collation'), SESSIONPROPERTY('ANSI_NULLS'), SUSER_SNAME(), ORIGINAL_LOGIN(), APP_NAME(), HOST_NAME(), NEWID(), IS_MEMBER('db_owner'), IS_SRVROLEMEMBER('sysadmin'), CONNECTIONPROPERTY('net_transport'), CONTEXT_INFO(), SESSION_CONTEXT(N'a'), CURRENT_TRANSACTION_ID(), XACT_STATE(), ERROR_MESSAGE(), GETANSINULL(), COLLATIONPROPERTY('Latin1_General_CI_AS', 'CodePage')
""".strip()


def batch_seeds():
    batches = {
        "cursor": "CREATE TABLE t (a int IDENTITY, b nvarchar(9)) INSERT t VALUES (N'x'), (N'y') DECLARE @b nvarchar(9) "
        "DECLARE c CURSOR FOR SELECT b FROM t FOR UPDATE OPEN c FETCH c INTO @b WHILE @@FETCH_STATUS = 0 BEGIN "
        "UPDATE t SET b = @b + N'!' WHERE CURRENT OF c FETCH NEXT FROM c INTO @b END CLOSE c DEALLOCATE c SELECT * FROM t DROP TABLE t",
        "procedure": "CREATE PROCEDURE p @a int, @b int = 2 OUTPUT AS BEGIN TRY SELECT @a / @b SET @b = @a RETURN 3 END TRY "
        "BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE() THROW END CATCH\nGO\n"
        "DECLARE @rc int, @x int = 0 EXEC @rc = p 1, @x OUTPUT SELECT @rc, @x\nGO\nDROP PROCEDURE p",
        "insert_exec": "DECLARE @t TABLE (a int PRIMARY KEY, b decimal(9, 2) DEFAULT 1.5) INSERT @t (a) EXEC ('SELECT 1 UNION ALL SELECT 2') "
        "MERGE @t AS t USING (SELECT 2 AS a UNION SELECT 3) AS s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 9 "
        "WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a) OUTPUT $action, inserted.*; SELECT SUM(b) OVER (ORDER BY a), a FROM @t",
        "transaction": "SET XACT_ABORT ON BEGIN TRAN SAVE TRAN s CREATE TABLE #t (a int CHECK (a > 0)) INSERT #t VALUES (1) "
        "ROLLBACK TRAN s SELECT @@TRANCOUNT, XACT_STATE() COMMIT",
        "functions": "CREATE FUNCTION f (@a int) RETURNS @r TABLE (n int) AS BEGIN WHILE @a > 0 BEGIN INSERT @r VALUES (@a) SET @a -= 1 END RETURN END\nGO\n"
        "SELECT t.n, x.v FROM f(3) AS t OUTER APPLY (SELECT TOP (1) n AS v FROM f(t.n) ORDER BY n DESC) AS x FOR JSON PATH\nGO\nDROP FUNCTION f",
        "view": "CREATE TABLE t (a int, b int)\nGO\nCREATE VIEW v AS SELECT a AS x, b FROM t WHERE a > 1\nGO\n"
        "INSERT v VALUES (2, 3) UPDATE v SET x += 1 DELETE v WHERE b = 3\nGO\nDROP VIEW v DROP TABLE t",
        "xml": "SELECT STUFF((SELECT N',' + n FROM (VALUES (N'a'), (N'<b>')) AS t(n) FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)'), 1, 1, N''), "
        "(SELECT 1 AS [@a], 2 AS [b/c] FOR XML PATH('r'), ROOT)",
        "text": "EXEC sp_executesql N'SELECT @a + N''x'', CONVERT(varchar(30), GETDATE(), 121), TRY_CAST(@a AS int)', N'@a nvarchar(10)', N'12' "
        "WITH RESULT SETS ((a nvarchar(20), b varchar(30), c int NULL))",
        "builtins": BUILTINS,
        "tables": "CREATE TABLE p (id int IDENTITY PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, n AS id * 2, CHECK (id < 100)) "
        "CREATE TABLE c (p int NULL REFERENCES p (id) ON DELETE CASCADE, d datetime2(3) DEFAULT SYSDATETIME(), INDEX i (p))\nGO\n"
        "INSERT p (name) OUTPUT inserted.id INTO c (p) VALUES ('a'), ('b') ALTER TABLE p ADD x bit NULL, y money DEFAULT 1 WITH VALUES "
        "EXEC sp_rename 'p.x', 'z', 'COLUMN' SELECT COLUMNPROPERTY(OBJECT_ID('p'), 'id', 'IsIdentity'), * FROM p LEFT JOIN c ON p = id "
        "UPDATE p SET name += 'x' DELETE p SELECT @@ROWCOUNT TRUNCATE TABLE c DROP TABLE c, p",
        "queries": "WITH r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 9) SELECT n, SUM(n) OVER (ORDER BY n ROWS 2 PRECEDING), "
        "LAG(n, 1, 0) OVER (ORDER BY n), NTILE(3) OVER (PARTITION BY n % 2 ORDER BY n) FROM r ORDER BY n OFFSET 1 ROWS FETCH NEXT 5 ROWS ONLY\n"
        "SELECT n % 2 AS k, COUNT(*), STRING_AGG(n, ',') WITHIN GROUP (ORDER BY n DESC), GROUPING(n % 2) FROM (VALUES (1), (2), (3)) AS t(n) "
        "GROUP BY ROLLUP (n % 2) HAVING MAX(n) > 1 SELECT 1 EXCEPT SELECT 2 UNION ALL SELECT 3.5 INTERSECT SELECT NULL",
        "governor": "CREATE EXTERNAL RESOURCE POOL p WITH (MAX_CPU_PERCENT = 50, AFFINITY CPU = AUTO, MAX_MEMORY_PERCENT = 30 "
        "MAX_PROCESSES = 9) CREATE RESOURCE POOL q WITH (MIN_CPU_PERCENT = 1) CREATE WORKLOAD GROUP g WITH (IMPORTANCE "
        "= HIGH, MAX_DOP = 2, REQUEST_MAX_MEMORY_GRANT_PERCENT = 2.5) USING \"q\", EXTERNAL [p]\nGO\n"
        "CREATE FUNCTION dbo.f() RETURNS sysname WITH SCHEMABINDING AS BEGIN IF APP_NAME() LIKE 'a%' RETURN 'g' RETURN "
        "SUSER_SNAME() END\nGO\n"
        "ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = dbo.f) ALTER RESOURCE GOVERNOR RECONFIGURE ALTER EXTERNAL "
        "RESOURCE POOL \"default\" WITH (MAX_MEMORY_PERCENT = 40) ALTER WORKLOAD GROUP g USING EXTERNAL \"default\" SELECT "
        "* FROM sys.dm_resource_governor_external_resource_pools SELECT * FROM sys.resource_governor_workload_groups "
        "ALTER RESOURCE GOVERNOR RESET STATISTICS ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL) ALTER "
        "RESOURCE GOVERNOR DISABLE DROP WORKLOAD GROUP g DROP EXTERNAL RESOURCE POOL p DROP RESOURCE POOL q",
        "catalog": "SELECT name, TYPE_NAME(system_type_id) FROM sys.columns WHERE object_id = OBJECT_ID(N'sys.objects') EXEC sp_tables EXEC sp_columns 't' "
        "EXEC sp_help EXEC sp_describe_first_result_set N'SELECT 1 AS a' EXEC sp_describe_undeclared_parameters N'SELECT @a + 1' "
        "SELECT * FROM INFORMATION_SCHEMA.COLUMNS SELECT * FROM sys.dm_exec_describe_first_result_set(N'SELECT 1', NULL, 0)",
        "security": "CREATE LOGIN l WITH PASSWORD = 'Long1Enough!' CREATE USER u FOR LOGIN l CREATE ROLE r ALTER ROLE r ADD MEMBER u "
        "GRANT SELECT ON SCHEMA::dbo TO r DENY EXECUTE TO u EXECUTE AS USER = 'u' SELECT USER_NAME(), HAS_PERMS_BY_NAME('t', 'OBJECT', 'SELECT') "
        "SELECT * FROM sys.fn_my_permissions(NULL, 'DATABASE') REVERT DROP USER u DROP LOGIN l DROP ROLE r",
    }  # fmt: skip
    for name, text in batches.items():
        save("batches", name, text.encode())


# === TDS ===


def type_seeds():
    collation = bytes.fromhex("0904d00034")
    types = {
        "int": b"\x26\x04\x04\x01\x00\x00\x00",
        "bit": b"\x68\x01\x01\x01",
        "float": b"\x6d\x08\x08" + struct.pack("<d", 0.5),
        "decimal": b"\x6a\x05\x09\x03\x05\x01\xe2\x04\x00\x00",
        "guid": b"\x24\x10\x10" + bytes(range(16)),
        "nvarchar": b"\xe7\x14\x00" + collation + b"\x04\x00" + "ab".encode("utf-16-le"),
        "nvarchar-max": b"\xe7\xff\xff" + collation + struct.pack("<QI", 4, 4) + "ab".encode("utf-16-le") + bytes(4),
        "varchar": b"\xa7\x14\x00" + collation + b"\x02\x00ab",
        "varbinary-max": b"\xa5\xff\xff" + struct.pack("<QI", 2**64 - 2, 2) + b"ab" + bytes(4),
        "null": b"\xe7\x14\x00" + collation + b"\xff\xff",
        "date": b"\x28\x03\x01\x02\x03",
        "datetime": b"\x6f\x08\x08" + struct.pack("<iI", 46000, 300),
        "datetime2": b"\x2a\x07\x08" + bytes(8),
        "datetimeoffset": b"\x2b\x07\x0a" + bytes(10),
        "ntext": b"\x63\xff\xff\xff\x7f" + collation + struct.pack("<I", 2) + b"a\x00",
        "xml": b"\xf1\x00" + struct.pack("<QI", 2, 2) + b"<\x00" + bytes(4),
    }
    for name, content in types.items():
        save("tds_types", name, content)


def answer_seeds():
    """Hand-made by [MS-TDS] 2.2.7: among them tokens that no server of ours sends."""
    collation = bytes.fromhex("0904d00034")
    done = b"\xfd\x10\x00\xc1\x00" + struct.pack("<Q", 1)

    def columns(*described: bytes) -> bytes:
        ends = (struct.pack("<IH", 0, 1) + kind + b"\x01c\x00" for kind in described)
        return b"\x81" + struct.pack("<H", len(described)) + b"".join(ends)

    def message(kind: int, text: str) -> bytes:
        body = struct.pack("<iBBH", 8134, 1, 16, len(text)) + text.encode("utf-16-le") + bytes(2) + struct.pack("<I", 1)
        return bytes([kind]) + struct.pack("<H", len(body)) + body

    long, nvarchar = b"\xe7\xff\xff" + collation, b"\xe7\x14\x00" + collation
    chunks = struct.pack("<QI", 2**64 - 2, 2) + b"a\x00" + struct.pack("<I", 2) + b"b\x00" + bytes(4)
    answers = {
        "rows": columns(b"\x26\x04", nvarchar) + b"\xd1\x04\x01\x00\x00\x00\x02\x00a\x00" + b"\xd2\x03" + done,
        "chunks": columns(long, b"\x38") + b"\xd1" + chunks + bytes(4) + b"\xd2\x01" + bytes(4) + done,
        "text": columns(b"\x22\xff\xff\xff\x7f\x01\x01\x00t\x00") + b"\xd1\x01\x09" + bytes(8) + b"\x01\x00\x00\x00x\xd1\x00" + done,
        "messages": message(0xAA, "no") + message(0xAB, "yes") + done,
        "passed": b"\xa4\x05\x00\x01\x01\x00t\x00\xa5\x03\x00\x01\x01\x08\xa9\x02\x00\x01\x00\x78\x01\x00\x02\x00"
        b"\xe4\x02\x00\x00\x00\x01\x02\xed\x01\x00\x07\xae\x0a\x01\x00\x00\x00\x01\xff" + done,
        "compute": b"\x88\x01\x00\x05\x00\x01\x01\x00\x4d\x01\x00\x00\x00\x00\x00\x01\x00\x26\x04\x01n\x00\xd3\x05\x00\x04\x01\x00\x00\x00" + done,
        "routing": b"\xe3\x0e\x00\x14\x09\x00\x00\x9a\x05\x02\x00h\x002\x00\x00\x00" + done,
        "transaction": b"\xe3\x0b\x00\x08\x08" + bytes(range(8)) + b"\x00\xe3\x0b\x00\x09\x00\x08" + bytes(range(8)) + done,
        "login": b"\xad\x0a\x00\x01\x74\x00\x00\x04\x00\x10\x00\x03\xe8" + done,
        "call": b"\x79\x04\x00\x00\x00\xac\x00\x00\x00\x01" + bytes(6) + b"\x26\x04\x04\x05\x00\x00\x00\xfe" + bytes(12),
    }  # fmt: skip
    for name, answer in answers.items():
        save("tds_answers", name, b"\x03" + answer)


class Proxy:
    """Passes one connection on and keeps what the client said."""

    def __init__(self, server):
        self.server = server
        self.host, self.user, self.password = server.host, server.user, server.password
        self.said = bytearray()
        self.listener = socket.create_server((server.host, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        server = socket.create_connection((self.server.host, self.server.port))
        threading.Thread(target=self.copy, args=(server, client, None), daemon=True).start()
        self.copy(client, server, self.said)

    @staticmethod
    def copy(source, target, kept):
        try:
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def messages(self) -> list[tuple[int, bytes, bytes]]:
        """Each message's type, its packets, and its payload."""
        messages, at, packets, payload = [], 0, b"", b""
        while at + 8 <= len(self.said):
            kind, status, length = struct.unpack_from(">BBH", self.said, at)
            packets += self.said[at : at + length]
            payload += self.said[at + 8 : at + length]
            at += length
            if status & 1:
                messages.append((kind, bytes(packets), bytes(payload)))
                packets, payload = b"", b""
        return messages


def use_pytds(proxy):
    connection = pytds.connect(dsn=proxy.host, port=proxy.port, user=proxy.user, password=proxy.password)
    cursor = connection.cursor()
    cursor.execute("SELECT %s, %s, %s", (1, "ü", None))
    cursor.fetchall()
    cursor.callproc("sp_executesql", ["SELECT @a", "@a int", 1])
    cursor.execute("CREATE TABLE loaded (n int, v nvarchar(max), d decimal(9,3))")
    columns = [("n", IntType()), ("v", NVarCharMaxType()), ("d", DecimalType(9, 3))]
    cursor.copy_to(
        data=[(1, "ü", decimal.Decimal("1.5")), (None, None, None)],
        table_or_view="loaded",
        columns=[Column(name=name, type=kind) for name, kind in columns],
    )
    connection.commit()
    connection.close()


def use_freetds(proxy):
    connection = pyodbc.connect(
        f"DRIVER=FreeTDS;SERVER={proxy.host};PORT={proxy.port};UID={proxy.user};PWD={proxy.password};"
        "TDS_Version=7.4;Encryption=off"
    )
    cursor = connection.cursor()
    cursor.execute("SELECT ?, ?, ?", (1, "ü", 2.5)).fetchall()
    cursor.execute("{call sp_executesql (?)}", ("SELECT 1",)).fetchall()
    connection.rollback()
    connection.close()


def use_tsql(proxy):
    subprocess.run(
        ["tsql", "-H", proxy.host, "-p", str(proxy.port), "-U", proxy.user, "-P", proxy.password],
        input=f"{script('')}\nGO\n", text=True, capture_output=True, timeout=60,
    )  # fmt: skip


def tds_seeds():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        clients = {"pytds": use_pytds, "freetds": use_freetds, "tsql": use_tsql, "pymssql": Pymssql, "microsoft": MssqlPython}
        for name, use in clients.items():
            proxy = Proxy(server)
            use(proxy)
            proxy.listener.close()
            messages = proxy.messages()
            # What follows an encrypted login is no use.
            before_login = b"".join(packets for kind, packets, _ in messages if kind in (0x10, 0x12))
            save("tds_connect", name, before_login)
            for number, payload in enumerate([payload for k, _, payload in messages if k == BULK_LOAD]):
                save("tds_bulk", f"{name}-{number}", b"\x07" + payload)
            for kind, letter in ((SQL_BATCH, b"\x00"), (RPC, b"\x01"), (TRANSACTION, b"\x02")):
                for number, payload in enumerate([payload for k, _, payload in messages if k == kind]):
                    save("tds_requests", f"{name}-{kind}-{number}", letter + payload)
        server.stop()


# === The way out ===


def outbound_seeds():
    host = "Host: example.com\r\n"
    save("outbound", "tunnel", f"CONNECT api.example.com:443 HTTP/1.1\r\n{host}\r\n".encode() + b"\x16\x03\x01")
    fields = "Proxy-Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n"
    chunks = "5\r\nhello\r\n0\r\n\r\n"
    save("outbound", "passed-on", f"POST http://10.0.0.5:8080/a?b=c HTTP/1.1\r\n{host}{fields}\r\n{chunks}".encode())
    one = f"GET http://example.com/ HTTP/1.1\r\n{host}\r\n"
    save("outbound", "two", (one + one.replace("example.com/", "[::1]:80/")).encode())
    save("outbound", "origin", f"GET / HTTP/1.0\r\n{host}\r\n".encode())
    for name, text in {"name": "A-1.example.com.:443", "address": "10.0.0.5:80", "six": "[::ffff:127.0.0.1]:80"}.items():
        save("outbound", name, text.encode())


if __name__ == "__main__":
    outbound_seeds()
    arrow_seeds()
    frame_seeds()
    worker_seeds()
    tsql_seeds()
    batch_seeds()
    type_seeds()
    answer_seeds()
    tds_seeds()
