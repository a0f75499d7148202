"""Aims: what each figure is held against. One table; a measured value beside its aim is reached or not reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure must come to."""

    says: str
    floor: float
    ambition: float | None = None
    unit: str = "x"
    is_at_most: bool = False
    """Less is better."""

    def is_reached_by(self, value: float, wanted: float | None) -> bool:
        return wanted is not None and (value <= wanted if self.is_at_most else value >= wanted)


@dataclass(frozen=True, slots=True)
class Held:
    """What was measured for one aim: a value for each round."""

    aim: Aim
    values: Sequence[float]

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> str:
        if self.aim.is_reached_by(self.value, self.aim.ambition):
            return "reached, ambition too"
        return "reached" if self.aim.is_reached_by(self.value, self.aim.floor) else "NOT REACHED"

    def as_json(self) -> dict[str, object]:
        return {
            "aim": self.aim.says,
            "floor": self.aim.floor,
            "ambition": self.aim.ambition,
            "is_at_most": self.aim.is_at_most,
            "unit": self.aim.unit,
            "values": list(self.values),
            "median": self.value,
            "verdict": self.verdict,
        }


def held(name: str, values: Sequence[float]) -> Held:
    """What was measured for the aim of that name; there is at least one value."""
    return Held(AIMS[name], tuple(values))


AIMS: Mapping[str, Aim] = {
    "log/stock": Aim("log, 64 callers: times the stock library's save on 8 threads", 20, 35),
    "log/pgbench": Aim("log, 128 callers: times pgbench's one-row INSERT with 32 clients", 1.3, 2),
    "log/one": Aim("log, 1 caller: times pgbench with 1 client", 0.25),
    "unary/echo": Aim("unary command, 64 callers: times the raw echo", 0.5, 0.7),
    "unary/stock": Aim("unary command, 64 callers: times the stock library behind grpc", 4),
    "register/echo": Aim("rows of RegisterCases, 4 streams: times the raw echo's calls", 3, 5),
    "payments/rows": Aim("RecordPayments, 4 streams, receipt and allocation durable", 5_000, 8_000, "payments/s"),
    "relay/backlog": Aim("relay, backlog to Kafka", 80_000, 150_000, "events/s"),
    "relay/idle": Aim("relay, commit to an awake consumer, idle, p99", 20, None, "ms", is_at_most=True),
    "reaction/idle": Aim("command to reaction committed in the other service, idle, p99", 50, None, "ms", is_at_most=True),
    "loop/step": Aim("payment to promise kept to next step decided, three services, p99", 500, None, "ms", is_at_most=True),
    "replay/fold": Aim("the whole log folded, per core", 60_000, None, "events/s"),
    "replay/case": Aim("one case of 1,000 events loaded cold, p50", 20, None, "ms", is_at_most=True),
    "disk/event": Aim("bytes on disk for an event of 220, its indexes included", 450, None, "bytes", is_at_most=True),
    "case/cold": Aim("GetCase of a case of 1,000 events, for the first time, p99", 25, None, "ms", is_at_most=True),
    "case/warm": Aim("GetCase of a case of 1,000 events, asked before, p99", 5, None, "ms", is_at_most=True),
    "case/restated": Aim("a fact that restates five years of a case, p50", 20, None, "ms", is_at_most=True),
    "worklist/page": Aim("a page of a worklist over 1,000,000 cases, p99", 20, None, "ms", is_at_most=True),
    "night/told": Aim("a night in which 100,000 cases cross a boundary, told and shown", 60, None, "s", is_at_most=True),
    "permits/asked": Aim("RequestPermit, 200/s on a person of 500 contacts, p99", 10, None, "ms", is_at_most=True),
    "growth/log": Aim("growth, log at 64 callers: few cases against many", 1.3, None, "x", is_at_most=True),
    "growth/get": Aim("growth, GetCase: few cases against many", 1.3, None, "x", is_at_most=True),
    "growth/list": Aim("growth, a page of ListCases: few cases against many", 1.3, None, "x", is_at_most=True),
}
