"""What services tell: facts and messages agree, what was released stays, and a stream's place on its topic never moves."""

from __future__ import annotations

from uuid import UUID

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor

from services.chassis.follower.record import murmur2, partition_of
from services.chassis.follower.topics import events_topic, heads_topic
from services.chassis.mapper import Mapper
from services.chassis.service import Service
from tests.contracts.promised import ROOT, files, services

each_service = pytest.mark.parametrize("service", services(), ids=lambda service: service.name)

KAFKAS_OWN_HASHES = {
    # org.apache.kafka.common.utils.UtilsTest.testMurmur2
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
FROZEN_PARTITIONS = {
    # Of 12. Computed once: histories on real topics stand there.
    UUID("019340c1-3a5e-7f0e-9d5b-1f5a33b2c1d0"): 1,
    UUID("0195c001-0000-7000-8000-000000000005"): 9,
    UUID(int=0): 9,
}


def test_there_are_services() -> None:
    assert {"cases", "strategy"} <= {service.name for service in services()}


@each_service
def test_facts_and_messages_agree_by_name_and_field(service: Service) -> None:
    """The mapper refuses to be built where they do not."""
    assert service.facts
    Mapper(service.event, service.facts)


@each_service
def test_an_event_is_its_meta_and_one_fact(service: Service) -> None:
    event = service.event.DESCRIPTOR
    meta = event.fields_by_name["meta"]
    told = event.oneofs_by_name["event"].fields
    assert meta.number == 1, "read first, without reading the rest"
    assert meta.message_type is not None
    assert meta.message_type.full_name == "acuerdo.common.v1.EventMeta"
    assert {field.name for field in event.fields} == {"meta", *(field.name for field in told)}
    assert all(field.number >= 10 for field in told)


@each_service
def test_ids_in_events_are_bytes(service: Service) -> None:
    for field in service.event.DESCRIPTOR.oneofs_by_name["event"].fields:
        assert field.message_type is not None
        for inside in field.message_type.fields:
            if inside.name.endswith(("_id", "_ids")) and inside.name != "row_id":
                assert inside.type == FieldDescriptor.TYPE_BYTES, inside.full_name


@each_service
def test_topics_are_named_after_the_service(service: Service) -> None:
    assert service.events_topic == events_topic(service.name) == f"acuerdo.{service.name}.v1.events"
    assert heads_topic(service.name) == f"acuerdo.{service.name}.v1.heads"


@pytest.mark.parametrize(
    ("key", "expected"), KAFKAS_OWN_HASHES.items(), ids=lambda value: value.decode()[:30] if isinstance(value, bytes) else ""
)
def test_keys_are_hashed_as_kafkas_own_partitioner_does(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected


@pytest.mark.parametrize(("stream_id", "partition"), FROZEN_PARTITIONS.items(), ids=str)
def test_a_stream_stays_where_it_is(stream_id: UUID, partition: int) -> None:
    assert partition_of(stream_id, 12) == partition


# What was released ---------------------------------------------------------------------------------------------------


def released() -> descriptor_pb2.FileDescriptorSet:
    return descriptor_pb2.FileDescriptorSet.FromString((ROOT / "proto" / "released.binpb").read_bytes())


def test_every_contract_is_in_the_released_set() -> None:
    assert {file.name for file in files()} <= {file.name for file in released().file}


def test_every_released_field_is_still_there_with_its_number_and_type() -> None:
    """What `buf breaking` asks in full, asked again where no tool is needed."""
    today = {name: fields for file in files() for name, fields in _fields(_proto(file)).items()}
    for file in released().file:
        if file.package.startswith("acuerdo."):
            for message, fields in _fields(file).items():
                assert fields.items() <= today[message].items(), message


def _proto(file: object) -> descriptor_pb2.FileDescriptorProto:
    copied = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copied)  # type: ignore[attr-defined]  # every file descriptor has it
    return copied


def _fields(file: descriptor_pb2.FileDescriptorProto) -> dict[str, dict[int, tuple[str, int, int, str]]]:
    found: dict[str, dict[int, tuple[str, int, int, str]]] = {}

    def collect(prefix: str, messages: object) -> None:
        for message in messages:  # type: ignore[attr-defined]  # a repeated field
            name = f"{prefix}.{message.name}"
            found[name] = {field.number: (field.name, field.type, field.label, field.type_name) for field in message.field}
            collect(name, message.nested_type)

    collect(file.package, file.message_type)
    return found
