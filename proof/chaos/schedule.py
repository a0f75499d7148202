"""What happens when: faults drawn from a seed, before anything runs. No two of a kind of thing at one target at once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FIRST_AT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them. What else is random about it is drawn from `luck`."""

    at: float
    """Seconds after the load began."""
    kind: str
    target: str
    seconds: float
    """How long it lasts; 0: it is done at once."""
    luck: int

    @property
    def rng(self) -> random.Random:
        return random.Random(self.luck)

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:6.1f} s  {self.kind} {self.target}{lasting}"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of fault is drawn: how often, for how long, and of what."""

    weight: int
    seconds: tuple[float, float]
    targets: Sequence[str]
    of: str
    """What it takes hold of: one target of it has one fault at a time."""


def draw(seed: int, seconds: float, shapes: Mapping[str, Shape], *, every_seconds: float, lasting_max: float) -> list[Fault]:
    """One about `every_seconds`; each kind comes once before any is left to chance, and what lasts ends with the load."""
    rng = random.Random(f"chaos/{seed}")
    kinds = [kind for kind, shape in shapes.items() if shape.targets]
    first = rng.sample(kinds, len(kinds))
    busy: dict[tuple[str, str], float] = {}
    faults: list[Fault] = []
    at = FIRST_AT_SECONDS
    while at < seconds:
        kind = first.pop() if first else rng.choices(kinds, [shapes[kind].weight for kind in kinds])[0]
        shape = shapes[kind]
        free = [target for target in shape.targets if busy.get((shape.of, target), 0.0) <= at]
        lasting = min(rng.uniform(*shape.seconds), lasting_max, seconds - at)
        luck = rng.getrandbits(32)
        if free:
            target = rng.choice(free)
            faults.append(Fault(at, kind, target, lasting, luck))
            busy[shape.of, target] = at + lasting + 1.0
        at += rng.expovariate(1 / every_seconds)
    return faults
