"""Facts and streams: what happened, and the things it happens to. Stands on the eventsourcing library's domain model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypedDict, TypeVar, dataclass_transform
from uuid import UUID

from eventsourcing.domain import Aggregate, AggregateEvent

_BEFORE_ANYTHING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass_transform(frozen_default=True)
class Fact(AggregateEvent):
    """Something that happened to one stream. `apply` only assigns.

    Its message has the same name and the same fields; `timestamp` travels as `meta.occurred_at`.
    """


@dataclass(frozen=True, slots=True)
class Causation:
    """A fact elsewhere that a fact rests on: a version of a stream, here or in another service."""

    stream_id: UUID
    version: int


class Place(TypedDict):
    """Where the next fact of a stream goes; unpacked into each fact."""

    originator_id: UUID
    originator_version: int
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A wake-up: call the timer `key` of this stream at `at`. Never a fact."""

    key: str
    at: datetime


class Stream(Aggregate):
    """One thing with a history. Subclasses set their empty state in an `__init__` without arguments."""

    if TYPE_CHECKING:
        # Set by the log before a decision. (An annotation outside would become a constructor field.)
        now: datetime
        happened_at: datetime
        begins_with: ClassVar[tuple[str, ...]]
    else:
        # Names of the facts that streams of this kind begin with: an id of another kind's stream is no id of this one. Empty: nobody
        # outside ever names such a stream.
        begins_with = ()

    @classmethod
    def blank(cls, stream_id: UUID) -> Self:
        """The stream before its first fact: version 0."""
        stream = cls.__new__(cls)
        stream.__base_init__(originator_id=stream_id, originator_version=0, timestamp=_BEFORE_ANYTHING)
        stream.__init__()  # type: ignore[misc]
        return stream

    @property
    def exists(self) -> bool:
        return self.version > 0

    def next(self) -> Place:
        """`happened_at` is when the caller says it happened in the world; where nothing is said, `now`."""
        return Place(originator_id=self.id, originator_version=self.version + 1, timestamp=self.happened_at)

    def tell(self, fact: Fact) -> None:
        """Apply the fact and keep it to be stored."""
        fact.mutate(self)
        self.pending_events.append(fact)

    def due(self) -> Iterable[Due]:
        """What this stream wants to be woken for: a pure function of its state, replaced with every write."""
        return ()


S = TypeVar("S", bound=Stream)


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that one stream of a tenant may hold: (kind, value). Only a keyed hash of it is stored."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """Load this stream, let it decide, store what it told.

    `given` are streams the decision looks at; they are loaded too, handed to `decide` after the stream, in order, and not changed.
    `claims` are taken and `releases` given up together with what is told; a change that tells nothing takes and gives up nothing.
    """

    stream: type[S]
    id: UUID
    decide: Callable[..., None]
    given: tuple[tuple[type[Stream], UUID], ...] = ()
    claims: tuple[Claim, ...] = ()
    releases: tuple[Claim, ...] = ()


def told(stream: Stream) -> list[Any]:
    """The facts told and not yet stored, in order."""
    return list(stream.pending_events)
