"""One connection through the proxy: its two ends, what passes between them, and the ways in which it may end."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 64 * 1024
UPSTREAM_WITHIN_SECONDS = 10.0
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 s: closing sends RST and forgets what was not sent."""


class Direction(StrEnum):
    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


class Wire(Protocol):
    """What reads along on one connection; it may keep bytes back, and cut or keep the connection's ends."""

    def passes(self, direction: Direction, data: bytes) -> bytes:
        """What of these bytes, and of those kept back before, goes on now."""


class Link:
    """One connection through the proxy: its two ends and who reads along."""

    def __init__(self, client: socket.socket, number: int) -> None:
        self.number = number
        self.wire: Wire | None = None
        self.is_cut = False
        self._client_socket = client
        self._ends: dict[Direction, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self._client_is_gone = False
        self._deaf: set[Direction] = set()

    async def open(self, host: str, port: int) -> None:
        """Raises OSError where the server refuses."""
        self._ends[Direction.TO_SERVER] = await asyncio.open_connection(sock=self._client_socket)
        upstream = await asyncio.wait_for(asyncio.open_connection(host, port), UPSTREAM_WITHIN_SECONDS)
        self._ends[Direction.TO_CLIENT] = upstream

    async def pump(self, direction: Direction, before: Callable[[Direction, int], Awaitable[None]]) -> None:
        """Bytes of one direction, until its sender ends."""
        source = self._ends[direction][0]
        while data := await source.read(CHUNK_BYTES):
            await before(direction, len(data))
            await self.send(direction, self.wire.passes(direction, data) if self.wire else data)
        await before(direction, 0)
        if not (direction is Direction.TO_SERVER and self._client_is_gone):
            self.half_close(direction)

    async def send(self, direction: Direction, data: bytes) -> None:
        """To the end that this direction leads to. What comes after its end is swallowed."""
        if data and direction not in self._deaf:
            sink = self._sink(direction)
            sink.write(data)
            await sink.drain()

    def write(self, direction: Direction, data: bytes) -> None:
        """As `send`, for who cannot wait: a few bytes."""
        if not self.is_cut and direction not in self._deaf:
            self._sink(direction).write(data)

    def half_close(self, direction: Direction) -> None:
        """Nothing to one that is not led on to its server yet."""
        if self._ends.keys() == set(Direction) and direction not in self._deaf:
            self._deaf.add(direction)
            with suppress(OSError, RuntimeError):  # it is closed already
                self._sink(direction).write_eof()

    def lose_client(self) -> None:
        """RST to the client; the server's session goes on, and what it says is swallowed."""
        self._client_is_gone = True
        self._deaf.add(Direction.TO_CLIENT)
        _reset(self._ends[Direction.TO_SERVER][1])

    def cut(self) -> None:
        """RST to both ends."""
        self.is_cut = True
        for _, writer in self._ends.values():
            _reset(writer)
        if not self._ends and self._client_socket.fileno() >= 0:
            self._client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            self._client_socket.close()

    @property
    def is_kept_for_the_server(self) -> bool:
        return self._client_is_gone

    def _sink(self, direction: Direction) -> asyncio.StreamWriter:
        other = Direction.TO_CLIENT if direction is Direction.TO_SERVER else Direction.TO_SERVER
        return self._ends[other][1]


def _reset(writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    connected = transport.get_extra_info("socket")
    if connected is not None and not transport.is_closing():
        with suppress(OSError):  # closed under our hands
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    transport.abort()
