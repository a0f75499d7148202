"""Calls: one statement, append() above all, over one connection in libpq's pipeline mode: the next batch is on its way while the server
stores the last.

Each call is a transaction of its own. Answers come in the order of the calls; when the connection is lost, every call without an answer
has an unknown outcome.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, Connection, pq

from services.chassis.log.connections import connect

Row = tuple[Any, ...]
Columns = Sequence[Callable[[bytes], Any]]
"""How each column is read, in order."""

_NAME = b"append"
_BINARY = pq.Format.BINARY
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_LOST = psycopg.OperationalError


class Calls:
    """One connection. `lost` is set once it cannot be used any more."""

    def __init__(self, connection: AsyncConnection[Any], parameters: int, columns: Columns) -> None:
        self._connection, self._pg, self._columns = connection, connection.pgconn, columns
        self._formats = [_BINARY] * parameters
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[list[Row]]] = deque()
        self._answer: list[Row] | BaseException = []
        self._socket = self._pg.socket
        self._is_writing = False
        self.is_lost = False

    @classmethod
    async def open(cls, dsn: str, statement: str, parameters: int, columns: Columns | None = None) -> Calls:
        """Connected, and the statement prepared; `columns` are those of its rows (append()'s unless told). Raises what psycopg raises."""
        connection = await connect(dsn)
        try:
            await connection.execute(_prepare(statement))
            connection.pgconn.nonblocking = 1
            connection.pgconn.enter_pipeline_mode()
        except BaseException:
            connection.pgconn.finish()
            raise
        calls = cls(connection, parameters, columns or _OF_APPEND)
        calls._loop.add_reader(calls._socket, calls._read)
        return calls

    def send(self, arguments: Sequence[bytes | None]) -> asyncio.Future[list[Row]]:
        """The rows, once the transaction is durable. Never blocks. Fails with the server's error, or OperationalError: connection lost."""
        answered: asyncio.Future[list[Row]] = self._loop.create_future()
        if self.is_lost:
            answered.set_exception(_LOST("the connection was lost"))
            return answered
        self._waiting.append(answered)
        try:
            self._pg.send_query_prepared(_NAME, arguments, self._formats, _BINARY)
            self._pg.pipeline_sync()
            self._write()
        except psycopg.Error as error:
            self._lose(error)
        return answered

    def close(self) -> None:
        """Whoever still waits is told that the connection is lost."""
        self._lose(_LOST("the connection was closed"))

    # The socket -------------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        has_more = self._pg.flush() == 1
        if has_more and not self._is_writing:
            self._loop.add_writer(self._socket, self._write_on)
        elif self._is_writing and not has_more:
            self._loop.remove_writer(self._socket)
        self._is_writing = has_more

    def _write_on(self) -> None:
        try:
            self._pg.consume_input()  # the server may not read on before it is read from
            self._write()
        except psycopg.Error as error:
            self._lose(error)

    def _read(self) -> None:
        try:
            self._pg.consume_input()
            while self._waiting and not self._pg.is_busy():
                self._take(self._pg.get_result())
        except psycopg.Error as error:
            self._lose(error)
        else:
            if self._pg.status != pq.ConnStatus.OK:
                self._lose(_LOST("the server has closed the connection"))

    def _take(self, result: pq.abc.PGresult | None) -> None:
        """In pipeline mode each call brings its result, then nothing, then the mark of its end."""
        if result is None:
            return
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            answered, answer = self._waiting.popleft(), self._answer
            self._answer = []
            if answered.done():
                return
            if isinstance(answer, BaseException):
                answered.set_exception(answer)
            else:
                answered.set_result(answer)
        elif result.status == pq.ExecStatus.TUPLES_OK:
            self._answer = rows_of(result, self._columns)
        else:
            self._answer = psycopg.errors.error_from_result(result)

    def _lose(self, why: BaseException) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        self._loop.remove_reader(self._socket)
        if self._is_writing:
            self._loop.remove_writer(self._socket)
        # The server's own last words, when it had any, say more than the silence after them.
        why = self._answer if isinstance(self._answer, BaseException) else why
        self._pg.finish()
        for answered in self._waiting:
            if not answered.done():
                answered.set_exception(_LOST(type(why).__name__))
        self._waiting.clear()


def _prepare(statement: str) -> bytes:
    return f"PREPARE {_NAME.decode()} AS {statement}".encode()


def prepare(connection: Connection[Any], statement: str) -> None:
    """For `call`, once for each connection."""
    connection.execute(_prepare(statement))


def call(connection: Connection[Any], arguments: Sequence[bytes | None]) -> list[Row]:
    """One call on a connection that waits for its answer: for who is not on the way of a command."""
    parameters = cast("Sequence[bytes]", arguments)  # its hint forgets that a parameter may be NULL
    result = connection.pgconn.exec_prepared(_NAME, parameters, [_BINARY] * len(arguments), _BINARY)
    if result.status != pq.ExecStatus.TUPLES_OK:
        raise psycopg.errors.error_from_result(result)
    return rows_of(result, _OF_APPEND)


def rows_of(result: pq.abc.PGresult, columns: Columns) -> list[Row]:
    """The rows of a statement whose columns have known types: psycopg's general way costs more than the server's answer."""
    return [
        tuple(None if (value := result.get_value(row, column)) is None else read(value) for column, read in enumerate(columns))
        for row in range(result.ntuples)
    ]


def _integer(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _instant(value: bytes) -> datetime:
    return _EPOCH + timedelta(microseconds=_integer(value))


def _text(value: bytes) -> str:
    return value.decode()


def _uuid(value: bytes) -> UUID:
    return UUID(bytes=bytes(value))


INTEGER, INSTANT, UUID_, TEXT, BYTES = _integer, _instant, _uuid, _text, bytes
_OF_APPEND: Columns = (INTEGER, INTEGER, INTEGER, INSTANT, INTEGER, UUID_, TEXT, BYTES)
"""unit, status, position, recorded_at, version, stream_id, detail, reply."""
