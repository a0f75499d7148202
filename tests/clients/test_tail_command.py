"""`acuerdo tail` on a real Kafka: one line for each fact, repeats dropped, gaps pointed out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from clients.cli.__main__ import run
from tests.clients.histories import STREAM, a_history

TOPIC = "acuerdo.cases.v1.events"
EPOCH = b"999"
"""Nobody else's: other tests may write to the same topic."""


@pytest.fixture
async def told(kafka: str) -> AsyncIterator[str]:
    """A Kafka on which a case's history was told: the third fact twice, the fifth never."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    is_ours = TOPIC not in await admin.list_topics()
    if is_ours:
        await admin.create_topics([NewTopic(TOPIC, 3, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    for value, headers in _records():
        await producer.send_and_wait(TOPIC, value, key=str(STREAM).encode(), partition=1, headers=headers)
    await producer.stop()
    yield kafka
    if is_ours:
        await admin.delete_topics([TOPIC])
    await admin.close()


def _records() -> list[tuple[bytes, Sequence[tuple[str, bytes]]]]:
    records = []
    previous = 100
    for number, record in enumerate(a_history(months=1).records, start=1):
        headers = [
            ("ce_id", f"{STREAM}:{number}".encode()),
            ("ce_type", record.type.encode()),
            ("ce_subject", str(STREAM).encode()),
            ("acuerdo-recorded-at", record.recorded_at.ToJsonString().encode()),
            ("acuerdo-epoch", EPOCH),
            ("acuerdo-position", str(record.position).encode()),
            ("acuerdo-previous", str(previous).encode()),
        ]
        if number != 5:
            records += [(record.event, headers)] * (2 if number == 3 else 1)
        previous = record.position
    return records


async def tail(kafka: str, *options: str) -> int:
    """In a thread: the command brings its own loop."""
    return await asyncio.to_thread(run, ["tail", "cases", "--from-start", "--to-end", "--kafka", kafka, "--stream", str(STREAM), *options])


async def test_each_fact_is_one_line_and_a_gap_is_pointed_out(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await tail(told) == 0
    lines = capsys.readouterr().out.splitlines()
    facts = [line for line in lines if f"{str(STREAM)[-12:]}:" in line]
    assert len(facts) == 6
    assert "case registered" in facts[0]
    assert "TWD 15,549.00" in facts[2]
    gap = next(line for line in lines if "Log.Replay" in line)
    assert "after position 128 up to 135" in gap


async def test_programs_get_one_object_a_line(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await tail(told, "--json", "--type", "BucketChanged", "--type", "CaseOpened") == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [found["headers"]["ce_type"].rpartition(".")[2] for found in objects] == ["CaseOpened", "BucketChanged"]
    assert objects[1]["message"]["bucket_changed"]["to"] == "2"


async def test_a_limit_ends_it(told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await tail(told, "--limit", "2") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


async def test_a_topic_that_is_not_there_is_said(kafka: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(run, ["tail", "acuerdo.strategy.v9.heads", "--to-end", "--kafka", kafka]) == 3
    assert "has no topic acuerdo.strategy.v9.heads" in capsys.readouterr().err


def test_a_topic_that_is_not_ours_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tail", "their.topic", "--kafka", "127.0.0.1:1"]) == 2
    assert "not a topic of ours" in capsys.readouterr().err


def test_a_kafka_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tail", "cases", "--kafka", "127.0.0.1:1"]) == 5
    assert "cannot be reached" in capsys.readouterr().err
