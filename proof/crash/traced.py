"""Running work in a process of its own, killed by strace when it enters its n-th system call of one kind."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

ATTACHED_WITHIN_SECONDS = 10.0
WORK_WITHIN_SECONDS = 60.0


class TracerFailed(RuntimeError):
    """strace did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Ended:
    written: bytes
    """What the work wrote to its file descriptor."""
    was_killed: bool
    code: int
    """Exit code, 0 where it did all of its work; of no meaning where it was killed."""


def missing() -> str | None:
    """None where system calls can be made deadly here, else a sentence that says what is missing."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    try:
        ended = in_a_child(_getppid_twice, ("getppid", 2))
    except TracerFailed as failed:
        return f"ptrace is not allowed here: {failed}"
    return None if ended.was_killed and ended.written == b"1" else "strace here cannot kill at a system call"


def in_a_child(work: Callable[[int], None], killed_at: tuple[str, int] | None = None) -> Ended:
    """Fork and do the work there. `killed_at`: (system call, at which of them): SIGKILL comes as it is entered.

    Forked, not started anew: what the work imports is there already, so its system calls are those of the work alone.
    """
    out, written_to = os.pipe()
    gate, opened = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(work, written_to, gate, (out, opened))
    os.close(written_to)
    os.close(gate)
    tracer = None
    try:
        tracer = _attach(child, killed_at) if killed_at is not None else None
        os.write(opened, b"!")
        written = _read_all(out)
    finally:
        os.close(opened)
        os.close(out)
        code = _reap(child)
        if tracer is not None:
            tracer.wait()
    return Ended(written, code == -signal.SIGKILL, code)


def _be_the_child(work: Callable[[int], None], written_to: int, gate: int, of_the_parent: tuple[int, ...]) -> None:
    code = 1
    try:
        for fd in of_the_parent:
            os.close(fd)
        if os.read(gate, 1):
            work(written_to)
            code = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(code)


def _attach(child: int, killed_at: tuple[str, int]) -> subprocess.Popen[bytes]:
    call, number = killed_at
    wanted = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}", "-o", "/dev/null"]
    tracer = subprocess.Popen(["strace", "-f", "-p", str(child), *wanted], stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    said = b""
    give_up_at = time.monotonic() + ATTACHED_WITHIN_SECONDS
    while b"attached" not in said:
        ready, _, _ = select.select([tracer.stderr], [], [], max(0.0, give_up_at - time.monotonic()))
        more = os.read(tracer.stderr.fileno(), 4096) if ready else b""
        if not more:
            tracer.kill()
            tracer.wait()
            raise TracerFailed(said.decode(errors="replace").strip() or "it said nothing")
        said += more
    return tracer


def _read_all(out: int) -> bytes:
    """Until the child has ended, however it ends."""
    written = b""
    give_up_at = time.monotonic() + WORK_WITHIN_SECONDS
    while True:
        ready, _, _ = select.select([out], [], [], max(0.0, give_up_at - time.monotonic()))
        if not ready:
            raise TracerFailed("the work did not end")
        more = os.read(out, 65_536)
        if not more:
            return written
        written += more


def _reap(child: int) -> int:
    """Exit code, or minus the signal that ended it. What still runs after its time is killed."""
    give_up_at = time.monotonic() + 5.0
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > give_up_at:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.005)


def _getppid_twice(out: int) -> None:
    os.getppid()
    os.write(out, b"1")
    os.getppid()
    os.write(out, b"2")
