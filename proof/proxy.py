"""A TCP proxy that misbehaves on demand: one for each link between a client and a server, with faults that are set while it runs.

A test shares its loop with it (`async with Proxy(host, port) as proxy`) or gives it one of its own (`with in_a_thread() as place:
proxy = place.put(Proxy(host, port))`). What sets a fault may be called from the proxy's loop or from any other thread.

`advertised`: a Kafka client goes from the bootstrap address to the address that the broker advertises, so a proxy before Kafka is
passed by unless that is its port. Reserve it first, then tell the broker: `proxy = Proxy(LOOPBACK, broker_port)`, `proxy.port` is
known at once, and the broker gets a listener with `advertised.listeners=<name>://127.0.0.1:<proxy.port>`. To cut the links of two
services apart, the broker needs a named listener for each (`listeners=CASES://…:p1,STRATEGY://…:p2`, both PLAINTEXT in
`listener.security.protocol.map`, one of them in `inter.broker.listener.name`), and each service the bootstrap of its own proxy.
"""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self

from proof.link import LOOPBACK, Direction, Link, Wire

P = ParamSpec("P")

WAITING_CONNECTIONS_MAX = 256
ANSWER_WITHIN_SECONDS = 10.0
"""How long another thread waits until its fault is set."""


@dataclass(slots=True)
class Weather:
    """How bytes travel now."""

    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0
    bytes_per_second: float | None = None


def _from_anywhere(act: Callable[Concatenate[Proxy, P], None]) -> Callable[Concatenate[Proxy, P], None]:
    """Done on the proxy's own loop, whoever calls; done when the call returns."""

    @wraps(act)
    def call(proxy: Proxy, /, *args: P.args, **kwargs: P.kwargs) -> None:
        async def there() -> None:
            act(proxy, *args, **kwargs)

        loop = proxy.loop
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is loop:
            act(proxy, *args, **kwargs)
        else:
            asyncio.run_coroutine_threadsafe(there(), loop).result(ANSWER_WITHIN_SECONDS)

    return call


class Proxy:
    """One listener on loopback, each connection led on to the server. Its port is known and reserved before it starts."""

    def __init__(self, host: str, port: int, *, wire: Callable[[Link], Wire] | None = None, own_port: int = 0, seed: int = 0) -> None:
        self.upstream = (host, port)
        self._wire = wire
        self._rng = random.Random(seed)
        # Bound for life and never listening: while connections are refused nobody else can take the port.
        self._reserved = _bound(own_port)
        self.port: int = self._reserved.getsockname()[1]
        self.weather = Weather()
        self.accepted = 0
        """Connections so far."""
        self._flows = {direction: asyncio.Event() for direction in Direction}
        self._links: dict[int, tuple[Link, asyncio.Task[None]]] = {}
        self._listener: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._forget_held = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the proxy has not started")
        return self._loop

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def links(self) -> list[int]:
        """Numbers of the open connections, oldest first."""
        return sorted(self._links)

    async def start(self) -> int:
        """Listen; the port."""
        self._loop = asyncio.get_running_loop()
        self.heal()
        return self.port

    async def stop(self) -> None:
        """Cut everything and give the port back."""
        tasks = [task for _, task in self._links.values()]
        self.refuse()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._reserved.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        await self.stop()

    # Faults; each lasts until `heal`.

    @_from_anywhere
    def delay(self, seconds: float, jitter_seconds: float = 0.0) -> None:
        """Each chunk of each direction comes later by this, more or less jitter; order is kept."""
        self.weather.delay_seconds, self.weather.jitter_seconds = seconds, jitter_seconds

    @_from_anywhere
    def rate(self, bytes_per_second: float) -> None:
        """Each direction of each connection carries no more than this."""
        self.weather.bytes_per_second = bytes_per_second

    @_from_anywhere
    def cut(self, number: int | None = None) -> None:
        """RST on both ends of one connection, or of all. New ones are welcome."""
        for one in [number] if number is not None else self.links:
            self._cut(one)

    @_from_anywhere
    def cut_one(self) -> None:
        """RST on a connection chosen by the seed; harmless when there is none."""
        if self._links:
            self._cut(self._rng.choice(self.links))

    @_from_anywhere
    def half_close(self, direction: Direction) -> None:
        """All open connections end in this direction (FIN); the other goes on."""
        for link, _ in self._links.values():
            link.half_close(direction)

    @_from_anywhere
    def blackhole(self, direction: Direction | None = None, forget: bool = False) -> None:
        """Nothing passes, in one direction or in both, and nobody is told; connections are accepted and led nowhere.

        On `heal` what was held goes on, as after a partition; with `forget` every connection of that time is cut instead.
        """
        self._forget_held = forget
        for closed in [direction] if direction else Direction:
            self._flows[closed].clear()

    @_from_anywhere
    def refuse(self, cut: bool = True) -> None:
        """Connections are refused; those that are open are cut unless told otherwise."""
        if self._listener is not None:
            self.loop.remove_reader(self._listener)
            self._listener.close()
        self._listener = None
        if cut:
            self.cut()

    @_from_anywhere
    def heal(self) -> None:
        """All faults end."""
        if self._forget_held:
            self.cut()
        self.weather, self._forget_held = Weather(), False
        for flows in self._flows.values():
            flows.set()
        if self._listener is None:
            self._listener = _bound(self.port)
            self._listener.listen(WAITING_CONNECTIONS_MAX)
            self.loop.add_reader(self._listener, self._accept, self._listener)

    # Carrying.

    def _cut(self, number: int) -> None:
        link, task = self._links[number]
        link.cut()
        task.cancel()

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the client has gone already
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted += 1
        link = Link(client, self.accepted)
        task = self.loop.create_task(self._carry(link), name=f"proxy.{self.port}.{link.number}")
        self._links[link.number] = (link, task)

    async def _carry(self, link: Link) -> None:
        try:
            for flows in self._flows.values():
                await flows.wait()
            await link.open(*self.upstream)
            link.wire = self._wire(link) if self._wire else None
            async with asyncio.TaskGroup() as both:
                for direction in Direction:
                    both.create_task(self._pump(link, direction))
        except* (OSError, TimeoutError):
            pass  # an end has gone, or the server refuses: the other end is told by RST, below
        finally:
            link.cut()
            self._links.pop(link.number, None)

    async def _pump(self, link: Link, direction: Direction) -> None:
        try:
            await link.pump(direction, self._travel)
        except OSError:
            if not (direction is Direction.TO_SERVER and link.is_kept_for_the_server):
                raise

    async def _travel(self, direction: Direction, size: int) -> None:
        await self._flows[direction].wait()
        weather = self.weather
        seconds = weather.delay_seconds + self._rng.uniform(-1, 1) * weather.jitter_seconds
        if weather.bytes_per_second:
            seconds += size / weather.bytes_per_second
        if seconds > 0:
            await asyncio.sleep(seconds)
            await self._flows[direction].wait()


class Place:
    """A loop on a thread of its own, for proxies of those who block, or have no loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True)
        self._proxies: list[Proxy] = []

    def put(self, proxy: Proxy) -> Proxy:
        """Start it here."""
        self._here(proxy.start())
        self._proxies.append(proxy)
        return proxy

    def take_down(self) -> None:
        for proxy in self._proxies:
            self._here(proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self) -> None:
        self._thread.start()

    def _here(self, doing: Any) -> None:
        asyncio.run_coroutine_threadsafe(doing, self._loop).result(ANSWER_WITHIN_SECONDS)


@contextmanager
def in_a_thread() -> Iterator[Place]:
    place = Place()
    place.open()
    try:
        yield place
    finally:
        place.take_down()


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setblocking(False)
    bound.bind((LOOPBACK, port))
    return bound


__all__ = ["LOOPBACK", "Direction", "Link", "Place", "Proxy", "Weather", "Wire", "in_a_thread"]
