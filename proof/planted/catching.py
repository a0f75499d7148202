"""Catching: run a catcher on an overlay and say what it noticed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proof.planted.overlay import Overlay
from proof.planted.reporting import REPORT

TEST_SECONDS_MAX = 60
RUN_SECONDS_MAX = 240
TESTS_RAN, TESTS_FAILED = 0, 1
"""Exit codes of pytest; any other says that it came to nothing."""
SAID_MAX = 3_000


class CatcherIsBroken(Exception):
    """It came to nothing: neither passed nor failed."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the catcher found wrong; tests or invariants; nothing when `by` is empty."""

    by: tuple[str, ...]
    says: str = ""
    """The first line of the first failure."""


def run_tests(overlay: Overlay, nodes: Sequence[str], servers: Mapping[str, str], *, stop_at_first: bool = True) -> Noticed:
    """Which of these tests fail on the overlay. A test that cannot even begin is a broken catcher, not a catch."""
    report = overlay.folder / "report.json"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(overlay.folder), "-c", str(overlay.folder / "pyproject.toml")]
    command += ["-p", "no:cacheprovider", "-p", "proof.planted.reporting", "--timeout", str(TEST_SECONDS_MAX), "--hypothesis-seed", "1"]
    command += ["-x", *nodes] if stop_at_first else [*nodes]
    code, said = run(command, overlay, {**servers, REPORT: str(report)})
    if code not in (TESTS_RAN, TESTS_FAILED) or not report.exists():
        raise CatcherIsBroken(f"pytest ended with code {code}:\n{said}")
    came: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))
    failed = [each for each in came if (each["when"], each["outcome"]) == ("call", "failed")]
    unable = [each for each in came if each["when"] != "call"]
    if not came or (unable and not failed):
        raise CatcherIsBroken(f"could not run: {unable[:1]}\n{said}")
    return Noticed(tuple(each["test"] for each in failed), failed[0]["says"] if failed else "")


def run(command: Sequence[str], overlay: Overlay, environment: Mapping[str, str], seconds_max: float = RUN_SECONDS_MAX) -> tuple[int, str]:
    """In a process group of its own, ended as a whole. Exit code, and the end of what it said."""
    output = overlay.folder / "output.txt"
    with output.open("wb") as out:
        child = subprocess.Popen(
            command,
            cwd=overlay.folder,
            env={**overlay.environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = child.wait(seconds_max)
        except subprocess.TimeoutExpired as late:
            raise CatcherIsBroken(f"not done within {seconds_max} seconds:\n{_end_of(output)}") from late
        finally:
            _end(child)
    return code, _end_of(output)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Those it has started too."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _end_of(output: Path) -> str:
    return output.read_text(encoding="utf-8", errors="replace")[-SAID_MAX:]
