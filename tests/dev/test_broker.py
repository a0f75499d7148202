"""The embedded broker carries records between aiokafka's clients: a smoke test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from dev.broker import EmbeddedBroker
from dev.ports import is_answering


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker") as broker:
        yield broker


async def test_what_is_produced_can_be_read_in_order_by_manual_assignment(broker: EmbeddedBroker) -> None:
    partition = TopicPartition("acuerdo.cases.v1", 1)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(partition.topic, num_partitions=4, replication_factor=1)])
    await admin.close()

    # This broker has no idempotent producer.
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=False) as producer:
        for number in range(10):
            value = str(number).encode()
            await producer.send_and_wait(partition.topic, value, key=b"case-1", partition=partition.partition)

    settings = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, **settings) as consumer:
        consumer.assign([partition])
        records = [await consumer.getone() for _ in range(10)]

    assert [(record.key, record.value) for record in records] == [(b"case-1", str(n).encode()) for n in range(10)]
    assert [record.offset for record in records] == list(range(10))


def test_a_restart_is_on_the_same_address(broker: EmbeddedBroker) -> None:
    first = broker.bootstrap
    broker.stop()

    assert broker.start() == first


async def test_it_stops_although_clients_are_connected(broker: EmbeddedBroker) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=False):
        broker.stop()

    assert not is_answering(broker.port)


async def test_it_can_be_started_inside_an_event_loop(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker") as broker:
        assert broker.bootstrap.startswith("127.0.0.1:")
