"""A PostgreSQL kept by a process of its own, to be stopped and started while this one serves gRPC, whose threads do not survive a fork.

It is also the keeper's program: one word a line in (start, stop, kill, freeze, thaw), one line out when it is done.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from dev.listening import ServerFailed
from dev.ports import free_port
from dev.postgres import Postgres

DONE = "done"


class KeptPostgres:
    """The server's doors, each blocking until it is done: from an event loop, in a thread. It ends with this process."""

    def __init__(self, data: Path) -> None:
        self._command = [sys.executable, "-m", "proof.kept_postgres", str(data), str(free_port())]
        self._keeper: subprocess.Popen[str] | None = None
        self.dsn = ""

    def start(self) -> None:
        self._do("start")

    def stop(self) -> None:
        self._do("stop")

    def kill(self) -> None:
        self._do("kill")

    def freeze(self) -> None:
        self._do("freeze")

    def thaw(self) -> None:
        self._do("thaw")

    def __enter__(self) -> Self:
        self._keeper = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.dsn = self._answer()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._keeper is not None
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()

    def _do(self, word: str) -> None:
        assert self._keeper is not None
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(word + "\n")
        if (answer := self._answer()) != DONE:
            raise ServerFailed(f"{word}: {answer}")

    def _answer(self) -> str:
        assert self._keeper is not None
        assert self._keeper.stdout is not None
        return self._keeper.stdout.readline().rstrip("\n")


def main(data: str, port: str) -> None:
    with Postgres(Path(data), int(port)) as server:
        print(server.dsn, flush=True)
        for line in sys.stdin:
            try:
                getattr(server, line.strip())()
            except ServerFailed as failure:
                print(str(failure).replace("\n", " | "), flush=True)
            else:
                print(DONE, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
