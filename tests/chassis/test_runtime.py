"""The runtime: parts start in order and stop in reverse, whatever happens, and the exit code says what happened."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from services.chassis import runtime
from services.chassis.runtime import Runtime, SettingsAreWrong, StartRefused, open_door
from services.chassis.settings import Settings, is_loopback

ROOT = Path(runtime.__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    before, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = before
    logging.root.setLevel(level)
    structlog.reset_defaults()


class Noted:
    """A part that writes down what happens to it."""

    def __init__(self, name: str, notes: list[str], *, start: Exception | None = None, wait: Exception | None = None) -> None:
        self.name, self._notes, self._start, self._wait = name, notes, start, wait
        self._stopped = asyncio.Event()
        self.stop_takes_seconds = 0.0

    async def start(self) -> None:
        self._notes.append(f"+{self.name}")
        if self._start is not None:
            raise self._start

    async def stop(self) -> None:
        await asyncio.sleep(self.stop_takes_seconds)
        self._notes.append(f"-{self.name}")
        self._stopped.set()

    async def wait(self) -> None:
        if self._wait is not None:
            await asyncio.sleep(0.01)
            raise self._wait
        await self._stopped.wait()


async def test_parts_start_in_order_and_stop_in_reverse() -> None:
    notes: list[str] = []
    running = Runtime(*(Noted(name, notes) for name in "abc"))
    ending = asyncio.create_task(running.run_here())
    await asyncio.sleep(0.05)
    running.stop()
    assert await ending == runtime.EXIT_CLEAN
    assert notes == ["+a", "+b", "+c", "-c", "-b", "-a"]


async def test_one_failed_part_stops_all() -> None:
    notes: list[str] = []
    code = await Runtime(Noted("a", notes), Noted("b", notes, wait=RuntimeError()), Noted("c", notes)).run_here()
    assert code == runtime.EXIT_PART_FAILED
    assert notes == ["+a", "+b", "+c", "-c", "-b", "-a"]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (RuntimeError(), runtime.EXIT_PART_FAILED),
        (StartRefused("partitions: 12 promised, 6 found"), runtime.EXIT_START_REFUSED),
        (SettingsAreWrong("kek_file: missing"), runtime.EXIT_SETTINGS_WRONG),
    ],
)
async def test_a_start_that_fails_says_why_by_its_code_and_stops_what_has_started(raised: Exception, code: int) -> None:
    notes: list[str] = []
    assert await Runtime(Noted("a", notes), Noted("b", notes, start=raised), Noted("c", notes)).run_here() == code
    assert notes == ["+a", "+b", "-b", "-a"]


async def test_a_part_that_does_not_stop_in_time_does_not_keep_the_others() -> None:
    notes: list[str] = []
    stuck = Noted("b", notes)
    stuck.stop_takes_seconds = 60
    running = Runtime(Noted("a", notes), stuck, stop_within_seconds=0.2)
    ending = asyncio.create_task(running.run_here())
    await asyncio.sleep(0.05)
    running.stop()
    before = time.monotonic()
    assert await ending == runtime.EXIT_PART_FAILED
    assert time.monotonic() - before < 2
    assert "-a" in notes


def test_parts_that_cannot_be_built_end_with_their_code() -> None:
    def wrong() -> list[Noted]:
        raise SettingsAreWrong("listen: missing")

    def refused() -> list[Noted]:
        raise StartRefused("a method has no rule")

    assert open_door(wrong) == runtime.EXIT_SETTINGS_WRONG
    assert open_door(refused) == runtime.EXIT_START_REFUSED


def test_parts_are_built_inside_the_loop_they_run_in() -> None:
    """Channels and pools bind to the running loop when they are made."""

    def parts() -> list[Noted]:
        asyncio.get_running_loop()
        return [Noted("a", [], wait=RuntimeError())]

    assert open_door(parts) == runtime.EXIT_PART_FAILED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_process_in_order(number: signal.Signals) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from services.chassis.runtime import open_door
        class Part:
            name = "part"
            async def start(self): self.stopped = asyncio.Event(); print("started", flush=True)
            async def stop(self): print("stopped", flush=True); self.stopped.set()
            async def wait(self): await self.stopped.wait()
        sys.exit(open_door(lambda: [Part()]))
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    child.send_signal(number)
    out, _ = child.communicate(timeout=20)
    assert (out, child.returncode) == ("stopped\n", runtime.EXIT_CLEAN)


def test_the_pure_python_backend_of_protobuf_is_refused() -> None:
    program = "import sys; from services.chassis.runtime import open_door; sys.exit(open_door(lambda: []))"
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert ended.returncode == runtime.EXIT_START_REFUSED


# Settings --------------------------------------------------------------------------------------------------------------


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUERDO_PEERS", "cases=127.0.0.1:7001, strategy=127.0.0.1:7002")
    monkeypatch.setenv("ACUERDO_PARTITIONS", "6")
    read = Settings.read()
    assert read.peers == {"cases": "127.0.0.1:7001", "strategy": "127.0.0.1:7002"}
    assert read.partitions == 6


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"listen": "0.0.0.0:7000"}, "loopback"),
        ({"tls_cert": "a.pem"}, "belong together"),
        ({"tls_client_ca": "a.pem"}, "needs tls_cert"),
        ({"partitions": 0}, "partitions"),
        ({"listen": "nowhere"}, "listen"),
        ({"log_level": "LOUD"}, "log_level"),
    ],
)
def test_wrong_settings_are_named_and_not_quoted(said: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsAreWrong, match=named) as wrong:
        Settings.read(**said)
    assert "LOUD" not in str(wrong.value)


def test_a_secret_is_a_file_of_enough_bytes(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x")
    (tmp_path / "good").write_bytes(b"x" * 32)
    assert Settings(payload_key_file=tmp_path / "good").payload_key == b"x" * 32
    for name in ("short", "missing"):
        with pytest.raises(SettingsAreWrong, match=name):
            _ = Settings(payload_key_file=tmp_path / name).payload_key


@pytest.mark.parametrize(
    ("address", "expected"), [("127.0.0.1:1", True), ("[::1]:1", True), ("localhost:1", True), ("10.0.0.1:1", False), ("x:1", False)]
)
def test_loopback_is_recognised(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
