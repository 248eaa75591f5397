"""A client that hides nothing: every result set with its types, every message with its number.

It reads the response token by token with python-tds' session object, below that library's
DB-API cursor, which stops at the first error and forgets some types.
"""

import contextlib
from dataclasses import dataclass, field

import pytds
from pytds import tds_base
from pytds.tds_base import Column

SEVERITY_OF_ERRORS = 11

DONE_TOKENS = {tds_base.TDS_DONE_TOKEN, tds_base.TDS_DONEPROC_TOKEN, tds_base.TDS_DONEINPROC_TOKEN}
ROW_TOKENS = {tds_base.TDS_ROW_TOKEN, tds_base.TDS_NBC_ROW_TOKEN}

# [MS-TDS] 2.2.5.4: type tokens whose size decides the type.
SIZED_TYPES = {
    0x26: {1: "tinyint", 2: "smallint", 4: "int", 8: "bigint"},
    0x68: {1: "bit"},
    0x6D: {4: "real", 8: "float"},
    0x6E: {4: "smallmoney", 8: "money"},
    0x6F: {4: "smalldatetime", 8: "datetime"},
}
PLAIN_TYPES = {
    0x22: "image", 0x23: "text", 0x24: "uniqueidentifier", 0x28: "date", 0x30: "tinyint",
    0x32: "bit", 0x34: "smallint", 0x38: "int", 0x3A: "smalldatetime", 0x3B: "real",
    0x3C: "money", 0x3D: "datetime", 0x3E: "float", 0x63: "ntext", 0x7A: "smallmoney",
    0x62: "sql_variant", 0x7F: "bigint", 0xF1: "xml",
}  # fmt: skip
SCALED_TYPES = {0x29: "time", 0x2A: "datetime2", 0x2B: "datetimeoffset"}
DECIMAL_TYPES = {0x6A: "decimal", 0x6C: "decimal"}
LONG_TYPES = {
    0xA5: "varbinary", 0xA7: "varchar", 0xAD: "binary", 0xAF: "char", 0xE7: "nvarchar", 0xEF: "nchar",
}  # fmt: skip


@dataclass
class Message:
    """An INFO or ERROR token."""

    number: int
    severity: int
    state: int
    line: int
    procedure: str
    text: str


@dataclass
class Set:
    """A result set; types are written as T-SQL writes them."""

    names: list[str]
    types: list[str]
    nullable: list[bool]
    rows: list[tuple] = field(default_factory=list)

    @property
    def value(self):
        """The only value of the only row."""
        ((value,),) = self.rows
        return value


@dataclass
class Outcome:
    """All that a batch or a procedure answered."""

    sets: list[Set] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    return_status: int | None = None
    outputs: dict[str, object] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)

    @property
    def errors(self) -> list[Message]:
        return [message for message in self.messages if message.severity >= SEVERITY_OF_ERRORS]

    @property
    def numbers(self) -> list[int]:
        """The errors' numbers in the order they came."""
        return [error.number for error in self.errors]

    def check(self) -> "Outcome":
        """Fails unless all went well."""
        assert not self.errors, self.errors
        return self

    @property
    def only(self) -> Set:
        (only,) = self.check().sets
        return only

    @property
    def rows(self) -> list[tuple]:
        """The rows of the only result set."""
        return self.only.rows

    @property
    def value(self):
        """The only value of the only result set."""
        return self.only.value

    def texts(self, number: int) -> list[str]:
        return [message.text for message in self.messages if message.number == number]

    def printed(self, number: int = 39005) -> str:
        """What a script wrote, put together from its messages (39022 for stderr).

        A client shows each message on a line of its own, so the last line's end is not sent.
        """
        return "\n".join(text.partition("\n")[2] for text in self.texts(number))


class Session:
    """A connection in autocommit mode."""

    def __init__(self, server, *, user=None, password=None, database=None, timeout=240, **options):
        self.connection = pytds.connect(
            dsn=server.host,
            port=server.port,
            user=user or server.user,
            password=password or server.password,
            database=database,
            timeout=timeout,
            autocommit=True,
            disable_connect_retry=True,
            **options,
        )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def run(self, batch: str) -> Outcome:
        """Sends a SQL batch."""
        return self._exchange(lambda session: session.submit_plain_query(batch))

    def begin(self, batch: str) -> "Running":
        """Sends a SQL batch, whose answer isn't waited for."""
        return Running(self.connection.cursor()._session, batch)

    def call(self, procedure, *parameters, **named) -> Outcome:
        """Calls a procedure by name or number as an RPC. A value may be `pytds.output(...)`."""

        def send(session):
            made = [session.make_param("", value) for value in parameters]
            made += [session.make_param(f"@{name}", value) for name, value in named.items()]
            session.submit_rpc(procedure, made)

        return self._exchange(send)

    def _exchange(self, send) -> Outcome:
        session = self.connection.cursor()._session
        session.get_type_info = lambda column: read_type_info(session, column)
        send(session)
        session.begin_response()
        outcome = Outcome()
        more = True
        while more:
            token = session.get_token_id()
            try:
                session.process_token(token)
            except tds_base.ClosedConnectionError:
                raise
            except tds_base.DatabaseError:
                # Raised at the DONE token after an ERROR; the error is among the messages.
                pass
            if token == tds_base.TDS7_RESULT_TOKEN:
                columns = session.res_info.columns
                outcome.sets.append(
                    Set(
                        names=[column.column_name for column in columns],
                        types=[type_name(column) for column in columns],
                        nullable=[bool(column.flags & Column.fNullable) for column in columns],
                    )
                )
            elif token in ROW_TOKENS:
                outcome.sets[-1].rows.append(tuple(session.row))
            elif token in DONE_TOKENS:
                if session.done_flags & tds_base.TDS_DONE_COUNT:
                    outcome.counts.append(session.rows_affected)
                more = session.done_flags & tds_base.TDS_DONE_MORE_RESULTS
            elif token == tds_base.TDS_RETURNSTATUS_TOKEN:
                outcome.return_status = session.ret_status
        outcome.messages = [
            Message(m["msgno"], m["severity"], m["state"], m["line_number"], m["proc_name"], m["message"])
            for m in session.messages
        ]
        outcome.outputs = {
            param.column_name.lstrip("@"): param.value for param in getattr(session, "output_params", {}).values()
        }
        return outcome


class Running:
    """A batch that was sent, and whose answer is read little by little."""

    def __init__(self, session, batch: str):
        self._session = session
        self._is_answered = False
        session.submit_plain_query(batch)

    def hear(self):
        """Waits for the next that it says: a message, where it says nothing else."""
        if not self._is_answered:
            self._session.begin_response()
            self._is_answered = True
        self._session.process_token(self._session.get_token_id())

    def cancel(self):
        """Cancels it as drivers do, and reads its answer to the end."""
        self._session.put_cancel()
        # "Query was cancelled" is what this was for.
        with contextlib.suppress(tds_base.DatabaseError):
            self._session.process_cancel()


def read_type_info(session, column: Column):
    """As the library's own, but keeps the type token."""
    reader = session._reader
    column.column_usertype = reader.get_uint()
    column.flags = reader.get_usmallint()
    column.type_token = reader.get_byte()
    column.serializer = session._tds.type_factory.get_type_serializer(column.type_token).from_stream(reader)


def type_name(column: Column) -> str:
    """A column's type as T-SQL writes it."""
    token, serializer = column.type_token, column.serializer
    if token in SIZED_TYPES:
        return SIZED_TYPES[token][serializer.size]
    if token in SCALED_TYPES:
        return f"{SCALED_TYPES[token]}({serializer.precision})"
    if token in DECIMAL_TYPES:
        return f"{DECIMAL_TYPES[token]}({serializer.precision},{serializer.scale})"
    if token in LONG_TYPES:
        is_max = "Max" in type(serializer).__name__
        return f"{LONG_TYPES[token]}({'max' if is_max else int(serializer.size)})"
    return PLAIN_TYPES[token]
