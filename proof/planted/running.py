"""Running: plant each fault, let its catcher look, and say whether it noticed. Two at a time, each with servers of its own."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from proof.planted import standard
from proof.planted.catching import CatcherIsBroken, Noticed, run_tests
from proof.planted.faults import TREE, Fault, FaultIsMalformed, check_against
from proof.planted.overlay import NotFromTheOverlay, Overlay
from proof.planted.passed import Passed, content_of
from proof.planted.servers import Servers

HOME = TREE / ".run" / "planted"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one fault. `broken` says why nothing can be said of it."""

    fault: Fault
    noticed: Noticed
    seconds: float
    broken: str = ""

    @property
    def is_caught(self) -> bool:
        return bool(self.noticed.by) and not self.broken


def run_one(fault: Fault, folder: Path, servers: Servers) -> Result:
    """Plant it in an overlay at `folder` and let its catcher look."""
    began = monotonic()
    noticed, broken = Noticed(()), ""
    try:
        check_against(TREE, fault)
        overlay = Overlay(folder)
        overlay.plant(fault)
        noticed = _look(fault, overlay, servers)
        if not fault.is_read_as_text:
            overlay.check_was_used(fault.file)
        overlay.remove()
    except (CatcherIsBroken, NotFromTheOverlay, FaultIsMalformed) as error:
        broken = f"{type(error).__name__}: {error}"
    return Result(fault, noticed, monotonic() - began, broken)


def _look(fault: Fault, overlay: Overlay, servers: Servers) -> Noticed:
    """Where tests and the checker are named, both must notice."""
    found = Noticed(())
    for catcher in (fault.test, fault.checker):
        if catcher:
            noticed = (
                run_tests(overlay, catcher, servers.environment(fault.servers))
                if catcher is fault.test
                else standard.look(overlay, catcher)
            )
            if not noticed.by:
                return Noticed(())
            found = Noticed((*found.by, *noticed.by), found.says or noticed.says)
    return found


class Runner:
    """`at_once` slots, each with a folder and servers of its own."""

    def __init__(self, home: Path = HOME, at_once: int = 2) -> None:
        self._home, self._at_once = home, at_once
        self._passed = Passed(home / "passed.json", content_of())

    def run(self, faults: Sequence[Fault], tell: Callable[[Result], None]) -> list[Result]:
        """All of them. CatcherIsBroken, before anything is planted, where a catcher fails on the tree as it is."""
        with ThreadPoolExecutor(self._at_once) as pool, self._slots() as slots:  # servers end with the thread that started them
            self._check_that_catchers_pass(faults, slots, pool)

            def one(fault: Fault) -> Result:
                number, servers = slots.get()
                try:
                    result = run_one(fault, self._home / f"slot-{number}", servers)
                finally:
                    slots.put((number, servers))
                tell(result)
                return result

            return list(pool.map(one, faults))

    def _check_that_catchers_pass(self, faults: Sequence[Fault], slots: _Slots, pool: ThreadPoolExecutor) -> None:
        tests = self._passed.missing(node for fault in faults for node in fault.test)
        kinds = {node: fault.servers for fault in faults for node in fault.test}
        shares = [tests[first :: self._at_once] for first in range(self._at_once)]

        def check(share: Sequence[str]) -> None:
            number, servers = slots.get()
            try:
                overlay = Overlay(self._home / f"slot-{number}")
                wanted = sorted({server for node in share for server in kinds[node]})
                noticed = run_tests(overlay, share, servers.environment(wanted), stop_at_first=False)
                overlay.check_was_used()
            finally:
                slots.put((number, servers))
            if noticed.by:
                raise CatcherIsBroken(f"fails without any fault: {', '.join(noticed.by)} ({noticed.says})")
            self._passed.add(share)

        list(pool.map(check, filter(None, shares)))
        if any(fault.checker for fault in faults) and self._passed.missing([standard.CATCHER]):
            noticed = standard.look(Overlay(self._home / "slot-0"), standard.ALL)
            if noticed.by:
                raise CatcherIsBroken(f"the standard run is broken without any fault: {', '.join(noticed.by)} ({noticed.says})")
            self._passed.add([standard.CATCHER])

    @contextmanager
    def _slots(self) -> Iterator[_Slots]:
        slots: _Slots = queue.Queue()
        with ExitStack() as stack:
            for number in range(self._at_once):
                slots.put((number, stack.enter_context(Servers(self._home / f"servers-{number}"))))
            yield slots


_Slots = queue.Queue[tuple[int, Servers]]
