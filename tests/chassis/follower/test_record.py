"""Records: any Kafka client computes the same partition, and nothing is lost on the way there and back."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from acuerdo.cases.v1 import events_pb2
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.follower import record
from services.chassis.log.units import Record

CASE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
RECORDED_AT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
KAFKAS_OWN = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


def a_stored_fact(position: int = 7, traceparent: str = "") -> Record:
    event = events_pb2.CaseEvent(case_opened=events_pb2.CaseOpened(reason="REGISTERED"))
    event.meta.tenant_id, event.meta.stream_id, event.meta.version = "acme", CASE.bytes, 3
    event.meta.occurred_at.FromDatetime(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
    event.meta.prev_hash = bytes(200)  # a meta longer than 127 bytes: its length takes two bytes
    return Record(
        position, RECORDED_AT, CASE, 3, "acme", "acuerdo.cases.v1.CaseOpened", event.SerializeToString(deterministic=True), 1, traceparent
    )


@pytest.mark.parametrize(("data", "hash_"), KAFKAS_OWN.items())
def test_the_hash_is_kafkas(data: bytes, hash_: int) -> None:
    assert record.murmur2(data) == hash_


@given(st.binary(max_size=60))
def test_the_hash_is_the_clients_for_any_key(data: bytes) -> None:
    assert record.murmur2(data) & 0xFFFFFFFF == reference(data) & 0xFFFFFFFF


def test_a_stream_stays_on_its_partition() -> None:
    assert record.partition_of(CASE, 12) == (record.murmur2(str(CASE).encode()) & 0x7FFFFFFF) % 12


def test_a_fact_carries_cloudevents_headers_and_its_placement() -> None:
    published = record.published(a_stored_fact(traceparent="00-ab-cd-01"), previous=5, service="cases")

    assert published.key == str(CASE).encode()
    assert dict(published.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": f"{CASE}:3".encode(),
        "ce_type": b"acuerdo.cases.v1.CaseOpened",
        "ce_source": b"/acuerdo/cases",
        "ce_subject": str(CASE).encode(),
        "ce_time": b"2026-01-31T23:59:59.000000Z",
        "content-type": b"application/protobuf",
        "traceparent": b"00-ab-cd-01",
        "acuerdo-recorded-at": b"2026-02-03T04:05:06.000789Z",
        "acuerdo-epoch": b"1",
        "acuerdo-position": b"7",
        "acuerdo-previous": b"5",
    }


def test_the_value_is_the_stored_bytes() -> None:
    stored = a_stored_fact()

    assert record.published(stored, 0, "cases").value == stored.event


def test_what_is_published_is_received() -> None:
    stored = a_stored_fact()
    sent, partition = record.published(stored, 5, "cases"), record.partition_of(CASE, 12)

    heard = record.received(partition, 41, sent.key, sent.value, sent.headers)

    assert (heard.position, heard.previous, heard.epoch, heard.next_offset) == (7, 5, 1, 42)
    assert (heard.key, heard.event, heard.recorded_at, heard.type_name) == (CASE, stored.event, RECORDED_AT, stored.type_name)
    assert record.from_message(record.to_message(heard)) == record.received(partition, -1, sent.key, sent.value, sent.headers)


@pytest.mark.parametrize(
    "changed",
    [
        {"acuerdo-position": None},
        {"ce_type": None},
        {"ce_type": b"acuerdo\x00"},
        {"acuerdo-position": b"9" * 30},
        {"acuerdo-previous": b"7"},
        {"acuerdo-previous": b"-1"},
        {"key": b"11111111-1111-4111-8111-111111111111"},
        {"key": None},
        {"value": None},
        {"value": b"\x0a\xff"},
        {"value": b"\x0a\x02\xff\xff"},
        {"value": b"garbage"},
    ],
    ids=str,
)
def test_a_number_is_believed_only_with_the_rest_of_the_record(changed: dict[str, bytes | None]) -> None:
    sent = record.published(a_stored_fact(), 5, "cases")
    said: dict[str, Any] = {**dict(sent.headers), "key": sent.key, "value": sent.value, **changed}
    key, value = said.pop("key"), said.pop("value")

    with pytest.raises(record.RecordIsUnreadable):
        record.received(3, 41, key, value, list(said.items()))


def test_what_no_relay_wrote_is_named() -> None:
    with pytest.raises(record.RecordIsUnreadable):
        record.received(0, 3, b"key", b"value", [("ce_type", b"x")])
