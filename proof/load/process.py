"""The load as a child process, against a rig: faults may block whoever makes them, and nobody's loop stands still for it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dev.listening import dying_with_this_process
from proof.load.running import PATIENCE_SECONDS, Plan
from proof.rig import Rig

TENANTS = ("north", "south")
CALLERS_DO_IT = ("operator", "supervisor", "agent")
SUBJECT = "caller"


class LoadFailed(RuntimeError):
    """The load could not be done: not what its callers were told, but that they could not even begin."""


def plan(rig: Rig, *, seed: int, tenants: Sequence[str] = TENANTS, name: str = "load", **said: Any) -> Plan:
    """A load on this rig. `said`: further fields of Plan."""
    return Plan(
        addresses=rig.addresses,
        tokens={tenant: rig.token(tenant, CALLERS_DO_IT, SUBJECT) for tenant in tenants},
        issuer=rig.issuer.issuer,
        subject=SUBJECT,
        history=rig.home / "load" / f"{name}.history.jsonl",
        canaries=rig.home / "load" / f"{name}.canaries.txt",
        seed=seed,
        name=name,
        **said,
    )


class LoadProcess:
    """`with LoadProcess(plan, seconds) as load: …; tally = load.finish()`."""

    def __init__(self, plan: Plan, seconds: float) -> None:
        self.plan, self.seconds = plan, seconds
        self.log = plan.history.with_suffix(".log")
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        said = self.log.with_suffix(".plan.json")
        said.touch(mode=0o600)
        said.write_text(json.dumps({**asdict(self.plan), "seconds": self.seconds}, default=str), encoding="utf-8")
        prefix, _ = dying_with_this_process(signal.SIGKILL)
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [*prefix, sys.executable, "-m", "proof.load", str(said)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        child, self._child = self._child, None
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def asked(self) -> int:
        """Requests so far, as it said last."""
        return int(self._last().get("asked", 0))

    def stop(self) -> None:
        """No new deeds; what is begun goes on until it is definite, or patience ends."""
        if self._child is not None:
            self._child.send_signal(signal.SIGTERM)

    def finish(self, within_seconds: float | None = None) -> dict[str, Any]:
        """Wait for its end; its tally (proof.load.__main__.as_json). LoadFailed, with its output, when it has none."""
        assert self._child is not None
        if self._child.wait(within_seconds or self.seconds + 2 * PATIENCE_SECONDS) != 0:
            raise LoadFailed(f"the load ended with {self._child.returncode}:\n{self.log.read_text()[-3000:]}")
        return self._last()

    def _last(self) -> dict[str, Any]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        said: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return said


def files(rig: Rig) -> tuple[list[Path], list[Path]]:
    """Histories and lists of canaries of all loads on this rig."""
    return sorted(rig.home.glob("load/*.history.jsonl")), sorted(rig.home.glob("load/*.canaries.txt"))
