"""Half a minute of chaos with a fixed seed: whatever falls over comes back, and every invariant holds. At full length: `make chaos`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from dev.kafka import is_available
from proof.chaos.faults import KINDS, shapes
from proof.chaos.reporting import as_json
from proof.chaos.running import Terms, run
from proof.chaos.schedule import Shape, draw
from proof.rig import HOUSE, Member, Rig

SEED = 53
SECONDS = 25.0
LAYOUT = {service: Member(service) for service in ("cases", "contacts", "payments", "strategy")}
SHAPES = {
    "kill": Shape(3, (0.0, 4.0), ("a", "b"), "process"),
    "freeze": Shape(1, (1.0, 9.0), ("a", "b"), "process"),
    "cut": Shape(1, (0.0, 0.0), ("a>x",), "link"),
}


@pytest.mark.timeout(240)
def test_half_a_minute_of_chaos_leaves_every_invariant_whole(servers: Path) -> None:
    missing = is_available()
    if missing is not None:
        pytest.skip(f"NO REAL KAFKA: {missing}")

    came = run(Terms(SEED, SECONDS, servers / "chaos", LAYOUT, callers=8, every_seconds=1.0, lasting_max=8.0), print)

    assert came.wrong == [], (came.wrong, [finding for finding in came.verdict.findings if finding.holds is not True], as_json(came))
    assert came.tally["ok"] > 0
    assert sum(came.faults.values()) > sum(came.missed.values())


def test_a_seed_says_what_happens_when() -> None:
    first, again, other = (draw(seed, 60.0, SHAPES, every_seconds=1.0, lasting_max=5.0) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert {fault.kind for fault in first} == set(SHAPES)


def test_one_target_has_one_fault_of_a_sort_at_a_time_and_all_end_with_the_load() -> None:
    faults = draw(3, 60.0, SHAPES, every_seconds=0.5, lasting_max=5.0)

    assert max(fault.at + fault.seconds for fault in faults) <= 60.0
    for target in ("a", "b"):
        of_it = [fault for fault in faults if fault.target == target]
        assert all(before.at + before.seconds < after.at for before, after in pairwise(of_it))


def test_every_kind_of_fault_has_something_to_take_hold_of(tmp_path: Path) -> None:
    drawn = shapes(Rig(tmp_path, HOUSE, links=True))

    assert drawn.keys() == KINDS.keys()
    assert [kind for kind, shape in drawn.items() if not shape.targets] == []
