"""A tenant's tables are numbered as they come, kept as published, and one of them is in force."""

import hashlib

from services.kernel.facts import told
from services.kernel.ids import derived
from services.kernel.refusal import IsInvalid
from services.strategy.domain import segments
from services.strategy.domain.segments import SegmentTableIsUnknown, SegmentTables, TooManySegmentTables
from tests.services.strategy.examples import NOON, THE_TENANT, again, any_table, at, names, refused, stored, tables


def no_tables() -> SegmentTables:
    return at(SegmentTables.blank(segments.stream_of(THE_TENANT)), NOON)


def broken(table: bytes) -> None:
    raise IsInvalid("table.rows[0].bucket", "is broken")


def test_a_tenant_has_one_stream_of_tables() -> None:
    assert segments.stream_of("demo") == derived("segment_tables", "demo") != segments.stream_of("other")


def test_a_published_table_is_the_next_version_and_not_yet_in_force() -> None:
    of = tables(b"first", active=0)
    segments.publish(of, "Second", b"second", any_table)
    [published] = told(of)
    assert (published.version, published.table, published.name) == (2, b"second", "Second")
    assert published.table_hash == hashlib.sha256(b"second").digest()
    assert of.active is None


def test_the_same_bytes_published_again_tell_nothing_and_keep_their_version() -> None:
    of = tables(b"first", b"second")
    segments.publish(of, "Another name", b"first", broken)
    assert names(of) == []
    assert (of.version_of(b"first"), of.version_of(b"second"), of.version_of(b"third")) == (1, 2, 0)


def test_a_table_that_does_not_pass_its_check_is_not_published() -> None:
    of = no_tables()
    with refused(IsInvalid, field="table.rows[0].bucket"):
        segments.publish(of, "Broken", b"first", broken)
    assert names(of) == []


def test_a_table_has_a_name_and_a_size() -> None:
    with refused(IsInvalid, field="name"):
        segments.publish(no_tables(), "  ", b"first", any_table)
    with refused(IsInvalid, field="table"):
        segments.publish(no_tables(), "Large", bytes(segments.TABLE_BYTES_MAX + 1), any_table)


def test_there_is_an_end_to_versions() -> None:
    of = tables(*(str(number).encode() for number in range(segments.TABLE_VERSIONS_MAX)))
    with refused(TooManySegmentTables, versions_max=segments.TABLE_VERSIONS_MAX):
        segments.publish(of, "One more", b"one more", any_table)


def test_a_version_is_put_in_force_and_an_older_one_again() -> None:
    of = tables(b"first", b"second", active=2)
    segments.activate(of, 1)
    [activated] = told(of)
    assert (activated.version, activated.from_) == (1, 2)
    assert of.active is not None
    assert of.active.table == b"first"


def test_the_version_in_force_activated_again_tells_nothing() -> None:
    of = tables(b"first")
    segments.activate(of, 1)
    assert names(of) == []


def test_only_what_was_published_can_be_put_in_force() -> None:
    with refused(SegmentTableIsUnknown, version=2, latest_version=1):
        segments.activate(tables(b"first"), 2)
    with refused(SegmentTableIsUnknown):
        segments.activate(no_tables(), 1)


def test_tables_are_rebuilt_from_what_they_told() -> None:
    of = no_tables()
    segments.publish(of, "First", b"first", any_table)
    segments.activate(of, 1)
    rebuilt = again(of, told(of))
    assert (rebuilt.by_version, rebuilt.active_version, rebuilt.version) == (of.by_version, 1, 2)
    stored(of)
