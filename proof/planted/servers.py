"""Servers: one PostgreSQL and one Kafka for many catchers, each started when the first one needs it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from dev.kafka import HOME, Kafka
from dev.postgres import Postgres

POSTGRES, KAFKA = "ACUERDO_TEST_POSTGRES", "ACUERDO_TEST_KAFKA"
"""Where tests/conftest.py looks for servers that run already."""


class Servers:
    """Under `home`, stopped at the end. Those that run elsewhere are `given`, by the name of their variable."""

    def __init__(self, home: Path, **given: str) -> None:
        self._home = home
        self._running: dict[str, str] = given
        self._started = ExitStack()

    def environment(self, wanted: Iterable[str]) -> dict[str, str]:
        """What tells a test session of the servers: those wanted ("postgres", "kafka") are running when this returns."""
        for name in wanted:
            variable, start = _KNOWN[name]
            if variable not in self._running:
                self._running[variable] = start(self._home, self._started)
        return dict(self._running)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._started.close()


def _postgres(home: Path, started: ExitStack) -> str:
    return started.enter_context(Postgres(home / "postgres")).dsn


def _kafka(home: Path, started: ExitStack) -> str:
    return started.enter_context(Kafka(home=HOME, data=home / "kafka")).bootstrap


_KNOWN = {"postgres": (POSTGRES, _postgres), "kafka": (KAFKA, _kafka)}
