"""A strategy as a graph: steps of a closed set of kinds, and the edges by which facts lead from one to another. Values only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import Enum
from uuid import UUID

BEGIN = "begin"
"""As the target of an edge: wherever a case of its segment begins."""
ON_SEGMENT = "on_segment:"
"""Followed by the segment that the case has come into."""


class StepKind(Enum):
    """What a step is for."""

    MESSAGE = "MESSAGE"
    WAIT = "WAIT"
    DECIDE = "DECIDE"
    FOLLOW_PROMISE = "FOLLOW_PROMISE"
    HAND_TO_AGENT = "HAND_TO_AGENT"
    END = "END"


class Channel(Enum):
    """As contacts calls them."""

    UNSPECIFIED = "UNSPECIFIED"
    CALL = "CALL"
    SMS = "SMS"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    LETTER = "LETTER"
    MESSAGING_APP = "MESSAGING_APP"
    IVR = "IVR"
    PORTAL = "PORTAL"
    IN_PERSON = "IN_PERSON"


class Purpose(Enum):
    """As contacts calls them."""

    UNSPECIFIED = "UNSPECIFIED"
    REMINDER = "REMINDER"
    COLLECTION = "COLLECTION"
    PROMISE_FOLLOW_UP = "PROMISE_FOLLOW_UP"
    SERVICE = "SERVICE"
    LEGAL_NOTICE = "LEGAL_NOTICE"


class Pay(Enum):
    """How the receiver of a message can pay on the spot."""

    NOT_SAID = "NOT_SAID"
    LINK = "LINK"
    REFERENCE = "REFERENCE"


class WaitAnchor(Enum):
    """The fact that a wait is counted from."""

    STEP = "STEP"
    MESSAGE = "MESSAGE"
    SEGMENT = "SEGMENT"
    BUCKET = "BUCKET"
    PROMISE = "PROMISE"


@dataclass(frozen=True, slots=True)
class Message:
    channel: Channel
    purpose: Purpose
    template: str
    pay: Pay

    @property
    def asks_for_money(self) -> bool:
        return self.purpose in ASKING_FOR_MONEY


@dataclass(frozen=True, slots=True)
class Wait:
    """`days` after the day of the anchor; `at`: by the clock of the case's zone, else as the day begins."""

    days: int
    after: WaitAnchor
    at: time | None = None
    is_moved_by_payments: bool = True
    """Counted from the last part payment where that is later."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a decision: cells by column in the small language of decision tables, where it goes, and why."""

    id: str
    when: tuple[tuple[str, str], ...]
    go: str
    because: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """To whom."""

    reason_code: str
    team_id: UUID | None = None
    skills: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `what` says the rest, by its kind."""

    name: str
    kind: StepKind
    edges: Mapping[str, str] = field(default_factory=dict)
    what: Message | Wait | HandOver | tuple[Row, ...] | None = None

    @property
    def message(self) -> Message | None:
        return self.what if isinstance(self.what, Message) else None

    @property
    def wait(self) -> Wait | None:
        return self.what if isinstance(self.what, Wait) else None

    @property
    def hand_over(self) -> HandOver | None:
        return self.what if isinstance(self.what, HandOver) else None

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.what if isinstance(self.what, tuple) else ()

    def ways(self) -> Iterator[tuple[str, str]]:
        """(edge or row, step) of everything that leads on from here."""
        yield from self.edges.items()
        for row in self.rows:
            yield row.id, row.go


@dataclass(frozen=True, slots=True)
class Graph:
    """A strategy as it is executed."""

    name: str
    begin: Mapping[str, str]
    """First step by segment."""
    otherwise: str
    """First step of a case of any other segment, or of none."""
    always: Mapping[str, str]
    """Edges of every step, where the step has none of its own for the same fact."""
    steps: Mapping[str, Step]

    def beginning(self, segment: str) -> str:
        return self.begin.get(segment, self.otherwise)

    def edges_of(self, step: str) -> dict[str, str]:
        """Its own before those of all."""
        return {**self.always, **self.steps[step].edges}


Read = Callable[[bytes], Graph]
"""Port: the graph of a published document. A pure function."""

ASKING_FOR_MONEY = frozenset({Purpose.REMINDER, Purpose.COLLECTION, Purpose.PROMISE_FOLLOW_UP})
PRESSING = frozenset({Purpose.REMINDER, Purpose.COLLECTION})
"""Not while a promise is open."""
WAYS_TO_PAY: Mapping[Channel, frozenset[Pay]] = {
    Channel.CALL: frozenset({Pay.REFERENCE}),
    Channel.SMS: frozenset({Pay.LINK, Pay.REFERENCE}),
    Channel.EMAIL: frozenset({Pay.LINK, Pay.REFERENCE}),
    Channel.CHAT: frozenset({Pay.LINK, Pay.REFERENCE}),
    Channel.LETTER: frozenset({Pay.REFERENCE}),
    Channel.MESSAGING_APP: frozenset({Pay.LINK, Pay.REFERENCE}),
    Channel.IVR: frozenset({Pay.REFERENCE}),
    Channel.PORTAL: frozenset({Pay.LINK, Pay.REFERENCE}),
    Channel.IN_PERSON: frozenset({Pay.REFERENCE}),
}
"""What a person can do with what each channel carries: a voice carries no link, a letter only what can be copied or scanned."""

INTERRUPTS = frozenset(
    {
        "on_paid",
        "on_part_paid",
        "on_fell_behind",
        "on_promise_made",
        "on_promise_kept",
        "on_promise_partly_kept",
        "on_promise_broken",
        "on_promise_cancelled",
        "on_promise_kept_revoked",
        "on_promise_break_revoked",
    }
)
"""Edges that any step may have, and `always` too: facts that come whatever the step is about."""
NEEDED: Mapping[StepKind, tuple[str, ...]] = {
    StepKind.MESSAGE: ("on_delivered", "on_denied", "on_bounced"),
    StepKind.WAIT: ("next",),
    StepKind.DECIDE: (),
    StepKind.FOLLOW_PROMISE: ("on_promise_kept", "on_promise_broken", "on_promise_cancelled"),
    StepKind.HAND_TO_AGENT: (),
    StepKind.END: (),
}
"""Edges without which a step of the kind is a dead end."""
OPTIONAL: Mapping[StepKind, tuple[str, ...]] = {
    StepKind.MESSAGE: ("on_granted", "on_deferred", "on_failed"),
    StepKind.WAIT: (),
    StepKind.DECIDE: (),
    StepKind.FOLLOW_PROMISE: ("on_reminder_due",),
    StepKind.HAND_TO_AGENT: (),
    StepKind.END: (),
}
INSTEAD: Mapping[str, str] = {"on_failed": "on_bounced", "on_promise_partly_kept": "on_promise_broken"}
"""Which edge is taken where a step has none for the fact."""
