"""A real Apache Kafka as a child process, its jars assembled by Maven: for contract, fault and benchmark runs.

`python -m dev.kafka` runs it in the foreground until Ctrl-C.
"""

import argparse
import base64
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from dev.broker import answers_admin
from dev.listening import ListeningProcess, ServerFailed
from dev.ports import LOOPBACK, free_port

POM = Path(__file__).resolve().parent / "kafka" / "pom.xml"
HOME = Path(__file__).resolve().parent.parent / ".run" / "kafka"
JAVA_VERSION_MIN = 17
HEAP_MAX_MEGABYTES = 512
ASSEMBLE_WITHIN_SECONDS = 600
FORMAT_WITHIN_SECONDS = 60
READY_WITHIN_SECONDS = 60.0
STOP_WITHIN_SECONDS = 60.0


def is_available(home: Path = HOME) -> str | None:
    """None when Kafka can be run here, else a sentence that says what is missing."""
    version = _java_version()
    if version is None:
        return f"Kafka needs Java {JAVA_VERSION_MIN} or newer, and neither JAVA_HOME nor PATH leads to one."
    if version < JAVA_VERSION_MIN:
        return f"Kafka needs Java {JAVA_VERSION_MIN} or newer; this machine has Java {version}."
    if not _is_assembled(home) and shutil.which("mvn") is None:
        return "Kafka's jars are not assembled yet, and Maven (mvn), which fetches them, is not on the PATH."
    return None


def assemble(home: Path) -> Path:
    """Copy Kafka's jars into `home`/lib unless those of this very pom are there already; return that folder."""
    home.mkdir(parents=True, exist_ok=True)
    lib, unfinished = home / "lib", home / "lib.unfinished"
    with (home / "assemble.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if _is_assembled(home):
            return lib
        shutil.rmtree(unfinished, ignore_errors=True)
        command = ["mvn", "--batch-mode", "--no-transfer-progress", "--file", str(POM), "dependency:copy-dependencies"]
        _run("Maven", [*command, f"-DoutputDirectory={unfinished}"], ASSEMBLE_WITHIN_SECONDS)
        (unfinished / "pom.sha256").write_text(_pom_hash())
        shutil.rmtree(lib, ignore_errors=True)
        unfinished.rename(lib)
    return lib


class Kafka:
    """One Kafka server, broker and controller in one, on loopback; jars under `home`, records and log under `data`."""

    def __init__(self, home: Path, data: Path, port: int | None = None, *, ways: Mapping[str, int] | None = None):
        """`ways`: further listeners by name (capitals) and port, each for clients that come through a proxy: see `advertise`."""
        self.home = home.resolve()
        self.data = data.resolve()
        self.port = port if port is not None else free_port()
        self.bootstrap = f"{LOOPBACK}:{self.port}"
        self._ways = dict(ways or {})
        self._advertised = dict(self._ways)
        self._process = ListeningProcess("kafka", self.data, self.port, signal.SIGTERM, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """Process id of the server; ServerFailed when it is not running."""
        return self._process.pid

    def advertise(self, way: str, port: int) -> None:
        """From the next start on, who came by this way is told to come by this port: that of the proxy before it."""
        self._advertised[way] = port

    def start(self, *, wait: bool = True) -> str:
        """Start on new or existing data and return the bootstrap address; ServerFailed, with its log, when it cannot.

        Without `wait` it may not serve yet (`is_ready`). The first start on a machine fetches the jars (54 MB).
        """
        missing = is_available(self.home)
        if missing is not None:
            raise ServerFailed(missing)
        self._process.own()
        try:
            java = [_java(), f"-Xmx{HEAP_MAX_MEGABYTES}m", "-cp", f"{assemble(self.home)}/*", *JAVA_SETTINGS]
            properties = self._write_properties()
            self._format(java, properties)
            command = [*java, "kafka.Kafka", str(properties)]
            self._process.start(command, self.is_ready if wait else lambda: True, READY_WITHIN_SECONDS)
        except BaseException:
            self._process.stop(STOP_WITHIN_SECONDS)
            raise
        return self.bootstrap

    def is_ready(self) -> bool:
        """Whether it answers."""
        return answers_admin(self.port)

    def stop(self) -> None:
        """Stop cleanly, frozen or not. Harmless when it is not running."""
        self._process.stop(STOP_WITHIN_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would; `start` brings it back on the same data and port."""
        self._process.signal(signal.SIGKILL)
        self._process.stop(STOP_WITHIN_SECONDS)

    def wait(self) -> NoReturn:
        """Wait as long as it lives; ServerFailed, with the end of its log, when it ends by itself."""
        self._process.wait()

    def freeze(self) -> None:
        """Stop its clock: connections stay open and nothing answers."""
        self._process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._process.signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _write_properties(self) -> Path:
        controller_port = free_port()
        own = {"PLAINTEXT": self.port, "CONTROLLER": controller_port}
        addresses = {
            "listeners": _addresses({**own, **self._ways}),
            "advertised.listeners": _addresses({**own, **self._advertised}),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in (*own, *self._ways)),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{controller_port}",
            "log.dirs": str(self.data / "records"),
        }
        path = self.data / "server.properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in {**SETTINGS, **addresses}.items()))
        return path

    def _format(self, java: list[str], properties: Path) -> None:
        formatted, cluster = self.data / "formatted", self.data / "cluster-id"
        if formatted.exists():
            return
        if not cluster.exists():
            cluster.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
        command = ["kafka.tools.StorageTool", "format", "--standalone", "--ignore-formatted"]
        identity = f"--cluster-id={cluster.read_text()}"  # one word, for an id may begin with a dash
        _run("Kafka's StorageTool", [*java, *command, identity, "-c", str(properties)], FORMAT_WITHIN_SECONDS)
        formatted.touch()


def _addresses(listeners: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in listeners.items())


def _run(name: str, command: list[str], within_seconds: int) -> None:
    out = subprocess.PIPE
    run = subprocess.run(command, check=False, stdout=out, stderr=subprocess.STDOUT, text=True, timeout=within_seconds)
    if run.returncode != 0:
        raise ServerFailed(f"{name} ended with code {run.returncode}:\n{run.stdout}")


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _java_version() -> int | None:
    try:
        run = subprocess.run([_java(), "-version"], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', run.stderr)
    return int(version[1]) if version else None


def _pom_hash() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def _is_assembled(home: Path) -> bool:
    stamp = home / "lib" / "pom.sha256"
    return stamp.exists() and stamp.read_text() == _pom_hash()


def main() -> None:
    """Run Kafka in the foreground until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m dev.kafka", description="Run Apache Kafka on this machine.")
    parser.add_argument("--port", type=int, default=9092, help="loopback port (default: 9092)")
    parser.add_argument("--home", type=Path, default=HOME, help="where its jars and records are kept")
    options = parser.parse_args()
    kafka = Kafka(options.home, options.home / "data", options.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        with kafka:
            print(f"Kafka listens on {kafka.bootstrap}; Ctrl-C stops it, its log is in {kafka.data}", flush=True)
            kafka.wait()
    except KeyboardInterrupt:
        print("Kafka has stopped.", flush=True)
    except ServerFailed as failure:
        sys.exit(str(failure))


JAVA_SETTINGS = [
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
]
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",  # a killed broker is let in again only when its last session is over
    "log.retention.ms": "-1",
}

if __name__ == "__main__":
    main()
