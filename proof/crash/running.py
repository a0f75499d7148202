"""A service's ordinary process with one point armed: at its n-th passing it kills itself.

python -m proof.crash.running <service> <door> [--at <point>[:n]] [--passed FILE] [--poison NTH]

`--passed`: every point that belongs to this service is watched, and its name written to FILE when it is first passed.
`--poison`: reactions trip over the facts of one key in NTH, so that these are parked.
"""

from __future__ import annotations

import argparse
import importlib
import runpy
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

from proof.crash.arming import NameIsGone, Passing, arm, teller_to
from proof.crash.points import POINTS, PointUnknown, point

SERVICES = ("cases", "strategy")
NAMES_ARE_GONE = 4
"""Exit code: a point could not be armed, and nothing was started."""


class ReactionTripped(Exception):
    """On purpose."""


def main(argv: list[str]) -> None:
    """Does not return: the front door ends the process."""
    asked = _parser().parse_args(argv)
    # Everything the front door brings in is there before anything is wrapped.
    front = importlib.import_module(f"services.{asked.service}.__main__")
    passings = [] if asked.at is None else [_at(asked.at)]
    if asked.passed is not None:
        tell = teller_to(asked.passed)
        passings += [Passing(one, tell=tell) for one in POINTS if not _belongs_elsewhere(one.where, asked.service)]
    try:
        arm(passings)
    except NameIsGone as gone:
        print(gone, file=sys.stderr)
        sys.exit(NAMES_ARE_GONE)
    if asked.poison:
        _poison(asked.poison)
    sys.argv = [str(front.__file__), asked.door]
    del sys.modules[front.__name__]  # it runs once more, now as the program
    runpy.run_module(front.__name__, run_name="__main__")


def is_poisoned(key: UUID, nth: int) -> bool:
    return key.int % nth == 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.crash.running", description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("door", choices=("api", "worker", "all"))
    parser.add_argument("--at", metavar="POINT[:N]")
    parser.add_argument("--passed", type=Path)
    parser.add_argument("--poison", type=int, default=0, metavar="NTH")
    return parser


def _at(words: str) -> Passing:
    name, _, number = words.partition(":")
    try:
        return Passing(point(name), int(number or 1))
    except (PointUnknown, ValueError) as unknown:
        sys.exit(f"--at {words}: {unknown}")


def _belongs_elsewhere(where: str, service: str) -> bool:
    return any(where.startswith(f"services.{other}.") for other in SERVICES if other != service)


def _poison(nth: int) -> None:
    """Where a reaction gets its fact, some facts raise instead."""
    applying = importlib.import_module("services.chassis.follower.applying")
    original: Callable[..., Any] = applying.heard

    @wraps(original)
    def heard(source: Any, fact: Any) -> Any:
        if is_poisoned(fact.key, nth):
            raise ReactionTripped
        return original(source, fact)

    applying.heard = heard  # type: ignore[attr-defined]  # a name of another module, replaced in this process only


if __name__ == "__main__":
    main(sys.argv[1:])
