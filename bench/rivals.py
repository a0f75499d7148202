"""The peers of the log: the stock eventsourcing library's save, and pgbench's one-row INSERT, on the same server."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg import conninfo

from bench.report import Measured, measured
from dev.postgres import binaries

STOCK_THREADS = 8
EVENT_BYTES = 220
WARM_SAVES = 20


class Note(Aggregate):
    """The stock way: one aggregate, one kind of event, about as large as ours."""

    def __init__(self) -> None:
        self.last = ""

    @event("Noted")
    def note(self, text: str) -> None:
        self.last = text


def stock_application(dsn: str, connections: int) -> Application[UUID]:
    """The library as it comes, with its own Postgres recorder."""
    parts = conninfo.conninfo_to_dict(dsn)
    return Application(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts["port"]),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": "",
            "POSTGRES_SCHEMA": "public",
            "POSTGRES_POOL_SIZE": str(connections),
            "POSTGRES_MAX_OVERFLOW": "0",
        }
    )


class Stock:
    """`save` of aggregates that are in memory already: one event, one optimistic version check, one durable commit each."""

    name = "eventsourcing save, stock"

    def __init__(self, dsn: str) -> None:
        self._application = stock_application(dsn, STOCK_THREADS)
        self._notes = [Note() for _ in range(STOCK_THREADS)]
        for note in self._notes:
            self._application.save(note)

    def close(self) -> None:
        self._application.close()

    def run(self, seconds: float, number: int = 0) -> Measured:
        took: list[float] = []
        barrier = threading.Barrier(STOCK_THREADS)

        def work(note: Note) -> None:
            mine = []
            for _ in range(WARM_SAVES):
                note.note("x" * EVENT_BYTES)
                self._application.save(note)
            barrier.wait()
            until = time.perf_counter() + seconds
            while (began := time.perf_counter()) < until:
                note.note("x" * EVENT_BYTES)
                self._application.save(note)
                mine.append(time.perf_counter() - began)
            took.extend(mine)

        threads = [threading.Thread(target=work, args=(note,)) for note in self._notes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return measured(self.name, STOCK_THREADS, seconds, took, number)


class Pgbench:
    """The one-transaction limit: INSERT of one row into a table with a key and a payload, one commit each."""

    name = "pgbench one-row INSERT"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        beside = binaries() / "pgbench"
        self.program = str(beside) if beside.exists() else shutil.which("pgbench")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS rows (id bigserial PRIMARY KEY, key uuid NOT NULL, body bytea NOT NULL)")

    def run(self, clients: int, seconds: float, number: int = 0) -> Measured:
        parts = conninfo.conninfo_to_dict(self._dsn)
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "insert.sql"
            script.write_text(f"INSERT INTO rows (key, body) VALUES ('{uuid4()}', '\\x{'ab' * EVENT_BYTES}');\n")
            command = [str(self.program), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds)))]
            command += [
                "-f",
                str(script),
                "-h",
                str(parts["host"]),
                "-p",
                str(parts["port"]),
                "-U",
                str(parts["user"]),
                str(parts["dbname"]),
            ]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        tps, latency = re.search(r"tps = ([\d.]+)", said), re.search(r"latency average = ([\d.]+) ms", said)
        if tps is None or latency is None:
            raise RuntimeError(f"pgbench said something else: {said}")
        return Measured(self.name, clients, float(tps[1]), float(latency[1]), round=number)
