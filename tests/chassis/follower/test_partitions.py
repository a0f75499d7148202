"""Partitions: where a stream's facts are is no secret of ours; any Kafka client finds them by the key."""

from __future__ import annotations

from uuid import UUID

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.follower.record import partition_of


@given(st.uuids(), st.integers(1, 64))
def test_every_stream_is_where_kafkas_own_partitioner_puts_it(stream_id: UUID, partitions: int) -> None:
    everywhere = list(range(partitions))
    assert partition_of(stream_id, partitions) == DefaultPartitioner()(str(stream_id).encode(), everywhere, everywhere)
