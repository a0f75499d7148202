"""What is heard, and the tables of behaviour of a service: REACTIONS, TIMERS and VIEWS are made of these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from acuerdo.common.v1.types_pb2 import EventMeta
from google.protobuf.message import Message
from psycopg import AsyncConnection

from services.chassis.log.origins import TimerFired
from services.kernel.facts import Causation, Change, Stream

M = TypeVar("M", bound=Message)
S = TypeVar("S", bound=Stream)


@dataclass(frozen=True, slots=True)
class Heard(Generic[M]):
    """One fact as a listener gets it: the message, what its teller knew, and where it stands."""

    fact: M
    meta: EventMeta
    position: int
    recorded_at: datetime
    is_history: bool = False
    """It is from before our first deployment: it is recorded, and nothing is requested of others because of it."""

    @property
    def origin(self) -> Causation:
        return Causation(self.stream_id, self.meta.version)

    @property
    def stream_id(self) -> UUID:
        return UUID(bytes=self.meta.stream_id)

    @property
    def tenant_id(self) -> str:
        return self.meta.tenant_id


Reaction = Callable[[Heard[Any]], Iterable[Change[Any]]]
"""A fact in, Changes out. All Changes of one fact are stored together, with the position, or not at all."""


class Look(Protocol):
    """How a reaction looks at a stream of ours: as everything heard before has left it. Blank where there is none for the tenant."""

    async def __call__(self, stream: type[S], stream_id: UUID) -> S: ...


@dataclass(frozen=True, slots=True)
class Looking:
    """A reaction that must look at streams to know which ones a fact concerns: the persons of a case.

    It says what to change; whether it still may is decided there, on what is stored then. Each of its facts is a unit of its own.
    """

    react: Callable[[Heard[Any], Look], Awaitable[Iterable[Change[Any]]]]


Reactions = Mapping[type[Message], Reaction | Looking]
"""Which facts of one other service we act on. Known types that are missing here are passed over."""


@dataclass(frozen=True, slots=True)
class Timer:
    """What we do when a timer of a stream falls due. `wake` gets the live stream; it must not change it."""

    stream: type[Stream]
    wake: Callable[[Any, TimerFired], Iterable[Change[Any]]]


Timers = Mapping[str, Timer]
"""By timer key up to the first '/': "batch.rows", "delinquency.boundary"."""


@dataclass(frozen=True, slots=True)
class View:
    """A read model built from our own log. `write` applies facts in log order inside the transaction that moves the view's position."""

    name: str
    tables: tuple[str, ...]
    """Emptied when the view is rebuilt."""
    write: Callable[[AsyncConnection[Any], Sequence[Heard[Any]]], Awaitable[None]]
