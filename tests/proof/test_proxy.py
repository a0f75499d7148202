"""The proxy misbehaves exactly as it is told, for any protocol, and is itself again when it is healed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from proof.proxy import LOOPBACK, Direction, Proxy, in_a_thread

HELD_FOR_SECONDS = 0.1


class Echo:
    """Says back what it hears; remembers it."""

    def __init__(self) -> None:
        self.heard = b""
        self.endings: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                self.heard += data
                writer.write(data)
                await writer.drain()
            self.endings.append("end")
            writer.write(b"bye")
        except ConnectionResetError:
            self.endings.append("reset")
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, LOOPBACK, 0)
    echo.port = server.sockets[0].getsockname()[1]
    yield echo
    server.close()


@pytest.fixture
async def proxy(echo: Echo) -> AsyncIterator[Proxy]:
    async with Proxy(LOOPBACK, echo.port) as proxy:
        yield proxy


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, words: bytes) -> bytes:
        self._writer.write(words)
        return await self.hear()

    def mumble(self, words: bytes) -> None:
        self._writer.write(words)

    async def hear(self) -> bytes:
        return await self._reader.read(1000)

    async def is_kept_waiting(self) -> bool:
        try:
            async with asyncio.timeout(HELD_FOR_SECONDS):
                await self.hear()
        except TimeoutError:
            return True
        return False


async def connected(proxy: Proxy) -> Client:
    return Client(*await asyncio.open_connection(LOOPBACK, proxy.port))


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - a socket's far end
            await asyncio.sleep(0.005)


async def test_bytes_pass_both_ways_and_an_end_is_an_end(echo: Echo, proxy: Proxy) -> None:
    client = await connected(proxy)
    assert await client.say(b"hello") == b"hello"
    client._writer.write_eof()
    assert await client.hear() == b"bye"
    await eventually(lambda: proxy.links == [])
    assert echo.endings == ["end"]


async def test_cut_resets_both_ends_of_one_connection_or_of_all(echo: Echo, proxy: Proxy) -> None:
    one, other = await connected(proxy), await connected(proxy)
    assert (await one.say(b"1"), await other.say(b"2")) == (b"1", b"2")
    proxy.cut(1)
    with pytest.raises(ConnectionResetError):
        await one.hear()
    assert await other.say(b"still") == b"still"
    proxy.cut_one()
    with pytest.raises(ConnectionResetError):
        await other.hear()
    await eventually(lambda: echo.endings == ["reset", "reset"])
    assert await (await connected(proxy)).say(b"new") == b"new"


async def test_half_closed_to_the_server_the_client_still_hears(echo: Echo, proxy: Proxy) -> None:
    client = await connected(proxy)
    await client.say(b"hello")
    proxy.half_close(Direction.TO_SERVER)
    assert await client.hear() == b"bye"
    assert echo.endings == ["end"]


async def test_half_closed_to_the_client_the_server_still_hears(echo: Echo, proxy: Proxy) -> None:
    client = await connected(proxy)
    await client.say(b"hello")
    proxy.half_close(Direction.TO_CLIENT)
    assert await client.hear() == b""
    client.mumble(b" world")
    await eventually(lambda: echo.heard == b"hello world")


async def test_half_closing_spares_a_connection_that_is_not_led_on_yet(proxy: Proxy) -> None:
    proxy.blackhole()
    client = await connected(proxy)
    await eventually(lambda: proxy.links == [1])
    proxy.half_close(Direction.TO_SERVER)
    proxy.heal()
    assert await client.say(b"hello") == b"hello"


async def test_a_black_hole_holds_what_is_said_and_lets_it_go_when_it_is_healed(echo: Echo, proxy: Proxy) -> None:
    client = await connected(proxy)
    await client.say(b"hello")
    proxy.blackhole()
    client.mumble(b"are you there?")
    newcomer = await connected(proxy)
    newcomer.mumble(b"new")
    assert await client.is_kept_waiting()
    assert echo.heard == b"hello"
    proxy.heal()
    assert await client.hear() == b"are you there?"
    assert await newcomer.hear() == b"new"


async def test_a_black_hole_of_one_direction_swallows_answers_only(echo: Echo, proxy: Proxy) -> None:
    client = await connected(proxy)
    proxy.blackhole(Direction.TO_CLIENT)
    await asyncio.sleep(0)
    assert await client.is_kept_waiting()
    proxy.heal()
    assert await client.say(b"hello") == b"hello"
    proxy.blackhole(Direction.TO_CLIENT)
    client.mumble(b" world")
    await eventually(lambda: echo.heard == b"hello world")
    assert await client.is_kept_waiting()
    proxy.heal()
    assert await client.hear() == b" world"


async def test_a_black_hole_that_forgets_cuts_whoever_was_in_it(proxy: Proxy) -> None:
    client = await connected(proxy)
    await client.say(b"hello")
    proxy.blackhole(forget=True)
    client.mumble(b"gone")
    newcomer = await connected(proxy)
    await eventually(lambda: proxy.accepted == 2)
    proxy.heal()
    for one in (client, newcomer):
        with pytest.raises(ConnectionResetError):
            await one.hear()
    assert await (await connected(proxy)).say(b"new") == b"new"


async def test_refused_means_refused_and_the_port_stays_ours(proxy: Proxy) -> None:
    client = await connected(proxy)
    await client.say(b"hello")
    proxy.refuse(cut=False)
    with pytest.raises(ConnectionRefusedError):
        await connected(proxy)
    assert await client.say(b"still here") == b"still here"
    with socket.socket() as thief, pytest.raises(OSError, match="in use"):
        thief.bind((LOOPBACK, proxy.port))
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await client.hear()
    proxy.heal()
    assert await (await connected(proxy)).say(b"new") == b"new"


async def test_delayed_or_slow_everything_still_arrives_in_order(proxy: Proxy) -> None:
    client = await connected(proxy)
    proxy.delay(0.002, jitter_seconds=0.002)
    proxy.rate(1_000_000)
    said = bytes(range(256)) * 200
    client.mumble(said)
    heard = b""
    while len(heard) < len(said):
        heard += await client.hear()
    assert heard == said


async def test_a_server_that_refuses_is_a_reset_for_the_client(proxy: Proxy) -> None:
    with socket.socket() as nobody:
        nobody.bind((LOOPBACK, 0))
        async with Proxy(LOOPBACK, nobody.getsockname()[1]) as to_nobody:
            client = await connected(to_nobody)
            with pytest.raises(ConnectionResetError):
                await client.hear()


async def test_faults_may_be_set_from_any_thread(echo: Echo) -> None:
    def from_a_thread(act: Callable[[], None]) -> Awaitable[None]:
        return asyncio.to_thread(act)

    with in_a_thread() as place:
        elsewhere = place.put(Proxy(LOOPBACK, echo.port))
        client = await connected(elsewhere)
        assert await client.say(b"hello") == b"hello"
        elsewhere.blackhole()
        client.mumble(b"held")
        assert await client.is_kept_waiting()
        await from_a_thread(elsewhere.heal)
        assert await client.hear() == b"held"
        await from_a_thread(elsewhere.cut)
        with pytest.raises(ConnectionResetError):
            await client.hear()
