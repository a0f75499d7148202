"""Faults: what is planted where, why it would hurt, and what must catch it. One TOML file each in `faults/`."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from proof.checker.findings import STATEMENTS

TREE = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).resolve().parent / "faults"
CANARY = "canary"
"""The fault that is caught always: where it is not, the runner itself is broken."""
_KNOWN = frozenset({"title", "hurts", "file", "old", "new", "test", "checker", "servers", "is_read_as_text"})


class FaultIsMalformed(Exception):
    """The file of a fault does not fit its form, or the tree has moved on from it."""


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    title: str
    hurts: str
    """Why, in one sentence."""
    file: str
    """In services/, from the root of the tree."""
    old: str
    """What stands there exactly once."""
    new: str
    test: tuple[str, ...] = ()
    """pytest node ids; one of them fails with the fault."""
    checker: tuple[str, ...] = ()
    """Invariants of proof.checker; the standard run breaks one of them. With `test` too: both must notice."""
    servers: tuple[str, ...] = ()
    """Of "postgres" and "kafka": what the tests use, to be started once for all faults."""
    is_read_as_text: bool = False
    """Its test looks at the source; it need not import it."""

    @property
    def catcher(self) -> str:
        return " ".join([*self.test, *(f"checker:{invariant}" for invariant in self.checker)])

    def planted_in(self, text: str) -> str:
        """The file's text with the fault in it."""
        found = text.count(self.old)
        if found != 1:
            raise FaultIsMalformed(f"{self.name}: `old` occurs {found} times in {self.file}")
        return text.replace(self.old, self.new)


def read(file: Path) -> Fault:
    """One fault, its form checked."""
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    if unknown := said.keys() - _KNOWN:
        raise FaultIsMalformed(f"{file.name}: {', '.join(sorted(unknown))}")
    if missing := {"title", "hurts", "file", "old", "new"} - said.keys():
        raise FaultIsMalformed(f"{file.name} lacks {', '.join(sorted(missing))}")
    test = said.get("test", ())
    fault = Fault(
        name=file.stem,
        **{key: said[key] for key in ("title", "hurts", "file", "old", "new")},
        test=(test,) if isinstance(test, str) else tuple(test),
        checker=tuple(said.get("checker", ())),
        servers=tuple(said.get("servers", ())),
        is_read_as_text=said.get("is_read_as_text", False),
    )
    if not (fault.test or fault.checker):
        raise FaultIsMalformed(f"{file.name}: nothing is to catch it")
    if not fault.file.startswith("services/"):
        raise FaultIsMalformed(f"{file.name}: only services/ is copied for each fault")
    return fault


def all_faults() -> list[Fault]:
    """The canary first."""
    return sorted(map(read, FAULTS.glob("*.toml")), key=lambda fault: (fault.name != CANARY, fault.name))


def named(names: Iterable[str]) -> list[Fault]:
    """Those of these names; all when none is named. The canary is always among them."""
    faults, wanted = all_faults(), set(names)
    if unknown := wanted - {fault.name for fault in faults}:
        raise FaultIsMalformed(f"no such fault: {', '.join(sorted(unknown))}")
    return [fault for fault in faults if not wanted or fault.name in wanted or fault.name == CANARY]


def check_against(tree: Path, fault: Fault) -> None:
    """FaultIsMalformed where the tree has moved on: nothing to replace, no such test, or what would come of it is no Python."""
    planted = fault.planted_in((tree / fault.file).read_text(encoding="utf-8"))
    if fault.file.endswith(".py"):
        try:
            compile(planted, fault.file, "exec")
        except SyntaxError as error:
            raise FaultIsMalformed(f"{fault.name}: {error}") from error
    if unknown := set(fault.checker) - STATEMENTS.keys():
        raise FaultIsMalformed(f"{fault.name}: no such invariant: {', '.join(sorted(unknown))}")
    for node in fault.test:
        _check_exists(tree, fault.name, node)


def _check_exists(tree: Path, name: str, node: str) -> None:
    path, _, test = node.partition("::")
    file = tree / path
    if not file.is_file() or test.partition("[")[0] not in _functions(file):
        raise FaultIsMalformed(f"{name}: there is no test {node}")


def _functions(file: Path) -> Sequence[str]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return [each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
