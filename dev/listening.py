"""A server as a child process: owned, watched while it starts, stopped in order, never left behind."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from dev.ports import LOOPBACK, is_free

LOG_LINES_SHOWN_MAX = 30
PROBE_EVERY_SECONDS = 0.02


class ServerFailed(RuntimeError):
    """A server did not start, or is not there when it should be."""


def command_of(pid: int) -> str:
    """The command line of a process, its words parted by spaces; empty when there is no such process."""
    if sys.platform != "linux":
        listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True)
        return listed.stdout.strip()
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children_of(pid: int) -> list[int]:
    """Process ids of a process's children."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], check=False, capture_output=True, text=True)
    return [int(number) for number in listed.stdout.split()]


class ListeningProcess:
    """One server as a child process, with `data` owned by this process for as long as the server is up.

    The child is in a session of its own, so Ctrl-C reaches only its owner, who stops things in order.
    If the owner is killed hard, Linux kills the child too, provided it was started from the main thread
    (the kernel ties the child to the *thread* that started it); elsewhere the next start ends the leftover first.
    """

    def __init__(self, name: str, data: Path, port: int, stop_signal: signal.Signals, orphan_signal: signal.Signals):
        self.name = name
        self.data = data
        self.port = port
        self.log = data / f"{name}.log"
        self._stop_signal = stop_signal
        self._orphan_signal = orphan_signal
        self._pid_file = data / f"{name}.pid"
        self._ownership: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server; ServerFailed when there is none."""
        if self._child is None or self._child.poll() is not None:
            raise ServerFailed(f"{self.name} is not running; its log is {self.log}")
        return self._child.pid

    def own(self) -> None:
        """Take `data` for this process and end a server left over by an owner that died; ServerFailed when taken."""
        if self._ownership is not None:
            raise ServerFailed(f"{self.name} on {self.data} was started already")
        self.data.mkdir(parents=True, exist_ok=True)
        ownership = (self.data / f"{self.name}.owner").open("a+")
        try:
            fcntl.flock(ownership, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ownership.seek(0)
            owner = ownership.read().strip()
            ownership.close()
            raise ServerFailed(f"{self.data} is in use by process {owner}") from None
        ownership.truncate(0)
        ownership.write(str(os.getpid()))
        ownership.flush()
        self._ownership = ownership
        self._end_leftover()

    def start(
        self,
        command: Sequence[str],
        is_ready: Callable[[], bool],
        ready_within_seconds: float,
        *,
        user: str | None = None,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run `command` until `is_ready`; ServerFailed, with the end of its log, when it ends or takes too long."""
        if not is_free(self.port):
            raise ServerFailed(f"{self.name} cannot start: port {self.port} on {LOOPBACK} is taken")
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        prefix, as_user = dying_with_this_process(self._orphan_signal, user)
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cwd,
                env=environment,
                start_new_session=True,
                **as_user,
            )
        self._pid_file.write_text(f"{self._child.pid}\n{' '.join(command)}")
        deadline = time.monotonic() + ready_within_seconds
        while not is_ready():
            if self._child.poll() is not None:
                raise self.failure(f"ended with code {self._child.returncode} instead of starting")
            if time.monotonic() > deadline:
                raise self.failure(f"was not ready within {ready_within_seconds} seconds")
            time.sleep(PROBE_EVERY_SECONDS)

    def stop(self, within_seconds: float) -> None:
        """Ask the server to stop, give `data` up; ServerFailed (after killing it) when it does not stop in time."""
        child, self._child = self._child, None
        was_killed = False
        if child is not None and child.poll() is None:
            child.send_signal(signal.SIGCONT)  # a frozen server cannot stop
            child.send_signal(self._stop_signal)
            try:
                child.wait(within_seconds)
            except subprocess.TimeoutExpired:
                was_killed = True
                child.kill()
                child.wait()
        if self._ownership is not None:
            self._pid_file.unlink(missing_ok=True)
            self._ownership.close()
            self._ownership = None
        if was_killed:
            raise self.failure(f"did not stop within {within_seconds} seconds and was killed")

    def wait(self) -> NoReturn:
        """Wait as long as the server lives; ServerFailed, with the end of its log, when it ends by itself."""
        if self._child is None:
            raise ServerFailed(f"{self.name} is not running; its log is {self.log}")
        raise self.failure(f"ended by itself with code {self._child.wait()}")

    @property
    def exit_code(self) -> int | None:
        """Of a server that ended by itself or by a signal; None while it runs, and when it was never started."""
        return self._child.poll() if self._child is not None else None

    def signal(self, number: signal.Signals) -> None:
        """Send the running server a signal."""
        os.kill(self.pid, number)

    def failure(self, what: str) -> ServerFailed:
        """What went wrong, followed by the end of the server's log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return ServerFailed("\n".join([f"{self.name} {what}; the end of {self.log}:", *lines[-LOG_LINES_SHOWN_MAX:]]))

    def _end_leftover(self) -> None:
        if not self._pid_file.exists():
            return
        pid_text, _, command = self._pid_file.read_text().partition("\n")
        pid, deadline = int(pid_text or 0), time.monotonic() + 15
        while command and command_of(pid) == command:
            os.kill(pid, self._orphan_signal if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.1)


def dying_with_this_process(with_signal: signal.Signals, user: str | None = None) -> tuple[list[str], dict[str, Any]]:
    """What stands before a child's command, and what Popen is told besides: Linux then ends the child when its owner dies, however it dies.

    By a program that executes the command in its own place: code of ours between fork and exec can crash where threads of gRPC run.
    """
    as_user: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    setpriv = shutil.which("setpriv")
    if sys.platform != "linux" or setpriv is None or threading.current_thread() is not threading.main_thread():
        return [], as_user
    changed = [] if user is None else ["--reuid", user, "--regid", user, "--clear-groups"]
    return [setpriv, *changed, "--pdeathsig", with_signal.name.removeprefix("SIG"), "--"], {}
