"""The processes of the services in a rig: started, killed, frozen and asked to leave by name; whoever ends is started again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from dev.listening import ServerFailed
from dev.services import READY_WITHIN_SECONDS, STOP_WITHIN_SECONDS, ServiceProcess

LOOK_EVERY_SECONDS = 0.05
RESTART_PAUSE_SECONDS = 1.0
STARTED = '"event": "started"'
ERROR = '"level": "error"'


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a service: which door it opens, and what else it is told."""

    service: str
    door: str = "all"
    """api, worker or all."""
    command: tuple[str, ...] = ()
    """Words after the interpreter's, instead of `-m services.<service> <door>`."""
    environment: Mapping[str, str] = field(default_factory=dict)


class HasPid(Protocol):
    @property
    def pid(self) -> int:
        """ServerFailed when it is not running."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A process that ended though nobody had asked it to, or not as it was asked to."""

    name: str
    code: int
    was_asked: bool
    """It had been sent SIGTERM; -9: it had not ended in the time that Kubernetes waits."""
    said: str
    """Its last error, else the last line it wrote."""


TOGETHER = {"cases": Member("cases"), "strategy": Member("strategy")}
APART = {
    "cases-api": Member("cases", "api"),
    "cases-worker": Member("cases", "worker"),
    "cases-worker-2": Member("cases", "worker"),
    "strategy": Member("strategy"),
}
HOUSE = {
    "cases": Member("cases"),
    "cases-2": Member("cases"),
    "contacts": Member("contacts"),
    "contacts-2": Member("contacts"),
    "payments": Member("payments"),
    "strategy": Member("strategy"),
}
"""All four services; two of each that many ask at once."""


class Members:
    """All of a layout. Each has a folder of its name under `home`, with a log for each of its starts."""

    def __init__(
        self, home: Path, layout: Mapping[str, Member], ports: Mapping[str, int], environment: Callable[[str, Member], dict[str, str]]
    ) -> None:
        self.layout = dict(layout)
        self.exits: list[Exit] = []
        """In order."""
        self._home, self._ports, self._environment = home, ports, environment
        self._running: dict[str, ServiceProcess] = {}
        """Those that were started; they may have ended."""
        self._down = set(layout)
        """Those that are meant to be down: not started again."""
        self._frozen: set[str] = set()
        self._may_start_at: dict[str, float] = {}
        self._leaving: dict[str, float] = {}
        """Asked to stop, and until when they may take to do it."""

    @property
    def down(self) -> list[str]:
        """Nobody starts them again unless told to."""
        return sorted(self._down)

    def pid(self, name: str) -> int:
        return self._running[name].process.pid

    def start(
        self, name: str, *, wait: bool = True, command: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """`command` and `environment` replace and extend the member's, from now on."""
        member = self.layout[name]
        if command is not None:
            member = replace(member, command=tuple(command))
        self.layout[name] = replace(member, environment={**member.environment, **(environment or {})})
        self._spawn(name)
        if wait:
            self.until_up(name)

    def until_up(self, name: str, within_seconds: float = READY_WITHIN_SECONDS) -> None:
        """Until it serves (api, all) or has started all its parts (worker); ServerFailed, with its log, when it does not."""
        give_up_at = time.monotonic() + within_seconds
        process = self._running[name].process
        while not self.is_up(name):
            if process.exit_code is not None:
                raise process.failure(f"ended with code {process.exit_code} instead of starting")
            if time.monotonic() > give_up_at:
                raise process.failure(f"was not up within {within_seconds} seconds")
            time.sleep(LOOK_EVERY_SECONDS)

    def is_up(self, name: str) -> bool:
        member = self._running.get(name)
        if member is None or not runs(member.process) or name in self._frozen:
            return False
        return _has_started(member.process.log) if self.layout[name].door == "worker" else member.is_serving()

    def kill(self, name: str) -> None:
        """SIGKILL; it stays down."""
        self._down.add(name)
        self._signal(name, signal.SIGKILL)
        self._end(name)

    def stop(self, name: str) -> None:
        """SIGTERM, and wait for the end: ServerFailed when it has to be killed. It stays down."""
        self._down.add(name)
        self._end(name)

    def ask_to_leave(self, name: str) -> None:
        """SIGTERM, and not waited for: `tend` starts it again when it has ended."""
        self._leaving[name] = time.monotonic() + STOP_WITHIN_SECONDS
        self._signal(name, signal.SIGTERM)

    def freeze(self, name: str) -> None:
        self._frozen.add(name)
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._frozen.discard(name)
        self._signal(name, signal.SIGCONT)

    def thaw_all(self) -> None:
        for name in list(self._frozen):
            self.thaw(name)

    def tend(self) -> None:
        """As Kubernetes would: start again, after a pause, whoever has ended; kill who was asked to leave and does not."""
        now = time.monotonic()
        for name, member in self._running.items():
            code = member.process.exit_code
            if name in self._down:
                continue
            if code is None:
                if now > self._leaving.get(name, now):
                    self._signal(name, signal.SIGKILL)
            elif name not in self._may_start_at:
                self._note_end(name, code, member.process.log)
                self._may_start_at[name] = now + RESTART_PAUSE_SECONDS
            elif now >= self._may_start_at[name]:
                self._end(name)
                self._spawn(name)

    def close(self) -> None:
        """All of them, whatever state they are in, also when one does not stop as it should (ServerFailed, at the end)."""
        with ExitStack() as closing:
            for name in self._running:
                closing.callback(self._end, name)

    def _note_end(self, name: str, code: int, log: Path) -> None:
        was_asked = name in self._leaving
        has_left = code == 0 or (code == -signal.SIGTERM and not _has_started(log))  # before it had a handler for it
        if not (was_asked and has_left):
            self.exits.append(Exit(name, code, was_asked, _last_words(log)))

    def _spawn(self, name: str) -> None:
        member = self.layout[name]
        command = member.command or ("-m", f"services.{member.service}", member.door)
        environment = {**self._environment(name, member), **member.environment}
        process = ServiceProcess(name, self._home / name, self._ports[name], environment, command)
        _keep(process.process.log)
        process.spawn()
        self._running[name] = process
        self._down.discard(name)

    def _end(self, name: str) -> None:
        self._frozen.discard(name)
        self._may_start_at.pop(name, None)
        self._leaving.pop(name, None)
        self._running[name].process.stop(STOP_WITHIN_SECONDS)

    def _signal(self, name: str, number: signal.Signals) -> None:
        """Nothing to one that is down, or has just ended by itself."""
        if name in self._running and runs(self._running[name].process):
            self._running[name].process.signal(number)


def runs(server: HasPid) -> bool:
    """Whether there is a process."""
    try:
        return server.pid > 0
    except ServerFailed:
        return False


def _keep(log: Path) -> None:
    """Each start has its own: for the search for what must not be in any of them."""
    if log.exists():
        log.rename(log.with_name(f"{log.stem}.{len(list(log.parent.glob('*.log'))):04d}.log"))


def _has_started(log: Path) -> bool:
    """All its parts have, by its own word."""
    return log.exists() and STARTED in log.read_text(errors="replace")


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return next((line for line in reversed(lines) if ERROR in line), lines[-1] if lines else "")
