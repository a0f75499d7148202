"""A real Kafka keeps what it acknowledged through a stop, a crash and a freeze."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from dev import kafka as kafka_module
from dev.kafka import HOME, Kafka, assemble, is_available
from dev.listening import ServerFailed
from dev.ports import free_port

PARTITION = TopicPartition("acuerdo.cases.v1", 0)
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Path:
    missing = is_available()
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return HOME


@pytest.fixture
def kafka(home: Path, tmp_path: Path) -> Iterator[Kafka]:
    with Kafka(home, tmp_path / "kafka") as kafka:
        yield kafka


async def create_topic(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(PARTITION.topic, num_partitions=1, replication_factor=1)])
    await admin.close()


async def produce(kafka: Kafka, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(PARTITION.topic, value, partition=PARTITION.partition)


async def consume(kafka: Kafka, count: int) -> list[bytes | None]:
    settings = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, **settings) as consumer:
        consumer.assign([PARTITION])
        return [(await consumer.getone()).value for _ in range(count)]


async def test_acknowledged_records_survive_a_stop_a_freeze_and_a_crash(kafka: Kafka) -> None:
    await create_topic(kafka)
    await produce(kafka, b"before the stop")

    kafka.stop()
    kafka.start()
    await produce(kafka, b"before the crash")
    kafka.kill()
    kafka.start()

    kafka.freeze()
    frozen = asyncio.create_task(produce(kafka, b"during the freeze"))
    await asyncio.sleep(1)
    assert not frozen.done()
    kafka.thaw()
    await frozen
    assert await consume(kafka, 3) == [b"before the stop", b"before the crash", b"during the freeze"]


def test_it_says_what_is_missing_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert is_available() == "Kafka needs Java 17 or newer, and neither JAVA_HOME nor PATH leads to one."
    with pytest.raises(ServerFailed, match="Kafka needs Java 17"):
        Kafka(HOME, tmp_path / "kafka").start()


def test_it_says_what_is_missing_without_maven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kafka_module, "_java_version", lambda: 17)
    monkeypatch.setenv("PATH", str(tmp_path))

    missing = is_available(tmp_path / "empty home")

    assert missing == "Kafka's jars are not assembled yet, and Maven (mvn), which fetches them, is not on the PATH."


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_says_its_address_and_stops_cleanly(home: Path, tmp_path: Path, stop: signal.Signals) -> None:
    (tmp_path / "lib").symlink_to(assemble(home))
    port = free_port()
    command = [sys.executable, "-m", "dev.kafka", "--port", str(port), "--home", str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as foreground:
        assert foreground.stdout is not None
        first = foreground.stdout.readline()
        foreground.send_signal(stop)
        last = foreground.stdout.readline()

    assert first.startswith(f"Kafka listens on 127.0.0.1:{port}; Ctrl-C stops it")
    assert (last, foreground.returncode) == ("Kafka has stopped.\n", 0)
    assert "shut down completed" in (tmp_path / "data" / "kafka.log").read_text()
