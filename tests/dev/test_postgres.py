"""The PostgreSQL of development keeps its data, survives crashes and does not outlive its owner."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.listening import ServerFailed
from dev.ports import free_port, is_answering
from dev.postgres import Postgres

PROJECT = Path(__file__).resolve().parents[2]
ABANDON = """
import sys, threading, time
from pathlib import Path
from dev.postgres import Postgres
server = Postgres(Path(sys.argv[1]), int(sys.argv[2]))
if sys.argv[3] == "main":
    server.start()
else:
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    with Postgres(tmp_path / "postgres") as server:
        yield server


def setting(server: Postgres, name: str) -> str:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("select current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def write(server: Postgres) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("create table facts (what text)")
        connection.execute("insert into facts values ('told')")


def facts(server: Postgres) -> list[tuple[str]]:
    with psycopg.connect(server.dsn) as connection:
        return connection.execute("select what from facts").fetchall()


def test_it_is_durable_utc_and_utf8_on_loopback_alone(server: Postgres) -> None:
    names = ["fsync", "data_checksums", "timezone", "server_encoding", "listen_addresses", "max_connections"]

    found = [setting(server, name) for name in names]

    assert found == ["on", "on", "UTC", "UTF8", "127.0.0.1", "300"]


def test_a_restart_keeps_the_data_and_takes_less_than_a_second(server: Postgres) -> None:
    write(server)
    server.stop()
    began = time.monotonic()

    server.start()

    assert time.monotonic() - began < 1
    assert facts(server) == [("told",)]


def test_committed_data_survives_a_crash_under_open_sessions(server: Postgres) -> None:
    write(server)
    sessions = [psycopg.connect(server.dsn) for _ in range(50)]
    os.kill(server.pid, signal.SIGKILL)
    server.stop()

    server.start()

    assert facts(server) == [("told",)]
    for session in sessions:
        session.close()


def test_a_stale_postmaster_pid_taken_by_another_program_does_not_stop_it_from_starting(server: Postgres) -> None:
    write(server)
    lock = server.data / "cluster" / "postmaster.pid"
    left_over = lock.read_text().split("\n", 1)[1]
    server.stop()
    with subprocess.Popen(["sleep", "60"], user="embedded_postgres" if os.geteuid() == 0 else None) as other:
        lock.write_text(f"{other.pid}\n{left_over}")

        server.start()

        other.kill()
    assert facts(server) == [("told",)]


def test_data_in_use_by_another_owner_is_refused(server: Postgres) -> None:
    with pytest.raises(ServerFailed, match=f"in use by process {os.getpid()}"):
        Postgres(server.data).start()


def test_a_port_in_use_is_refused(server: Postgres, tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=f"port {server.port} on 127.0.0.1 is taken"):
        Postgres(tmp_path / "second", server.port).start()


def test_a_failed_start_shows_the_end_of_the_servers_log(server: Postgres) -> None:
    server.stop()
    with (server.data / "cluster" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = on\n")

    with pytest.raises(ServerFailed, match='unrecognized configuration parameter "no_such_setting"'):
        server.start()


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("thread", ["main", "other"])
def test_the_next_start_works_after_the_owner_died(tmp_path: Path, death: signal.Signals, thread: str) -> None:
    port = free_port()
    command = [sys.executable, "-c", ABANDON, str(tmp_path / "postgres"), str(port), thread]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        orphan = int(owner.stdout.readline())
        owner.send_signal(death)

    with Postgres(tmp_path / "postgres", port) as server:
        assert server.pid != orphan
        assert setting(server, "port") == str(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", ABANDON, str(tmp_path / "postgres"), str(port), "main"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        owner.kill()

    deadline = time.monotonic() + 10
    while is_answering(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_answering(port)
