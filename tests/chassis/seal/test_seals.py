"""Sealed values: readable with the subject's key, in their own place, and nowhere else; gone when the key is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import conninfo

from services.chassis.seal import SealIsBroken, Seals, Subject
from services.chassis.seal import seals as seals_module
from services.chassis.seal.subjects import bound_to
from services.chassis.seal.wrapping import FileKeyWrapper, KeyDoesNotUnwrap
from services.kernel.sealed import Sealed

KEK, OLDER_KEK = b"k" * 32, b"o" * 32
SCHEMA = (Path(seals_module.__file__).parent / "schema.sql").read_text()
STREAM = UUID(int=7)


@pytest.fixture
async def keys_dsn(database: str) -> str:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as admin:
        await admin.execute(SCHEMA.replace("{schema}", "cases").encode())
    return database


@pytest.fixture
async def seals(keys_dsn: str) -> AsyncIterator[Seals]:
    async with opened(keys_dsn) as running:
        yield running


class opened:
    """Seals of another process on the same keys."""

    def __init__(self, dsn: str, *keks: bytes) -> None:
        self._seals = Seals(dsn, "cases", FileKeyWrapper(*(keks or (KEK,))))

    async def __aenter__(self) -> Seals:
        await self._seals.start()
        return self._seals

    async def __aexit__(self, *_: object) -> None:
        await self._seals.stop()


def a_subject(tenant: str = "demo") -> Subject:
    return Subject(tenant, uuid4())


async def test_what_is_sealed_reads_back_also_in_another_process(seals: Seals, keys_dsn: str) -> None:
    subject = a_subject()
    sealed = await seals.seal(subject, STREAM, "note", "llama después de las 20 h")
    assert await seals.open("demo", STREAM, "note", sealed) == "llama después de las 20 h"
    async with opened(keys_dsn) as other:
        assert await other.open("demo", STREAM, "note", sealed) == "llama después de las 20 h"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=200),
    field=st.text(max_size=20),
    moved=st.sampled_from(["tenant", "stream", "field", "subject", "bytes", "nonce"]),
)
async def test_a_value_that_was_moved_or_changed_does_not_open(seals: Seals, text: str, field: str, moved: str) -> None:
    subject, other = Subject("demo", UUID(int=1)), Subject("demo", UUID(int=2))
    sealed = await seals.seal(subject, STREAM, field, text)
    await seals.seal(Subject("other", UUID(int=1)), STREAM, field, text)
    await seals.seal(other, STREAM, field, text)
    assert await seals.open("demo", STREAM, field, sealed) == text
    flipped = bytes([sealed.ciphertext[0] ^ 1]) + sealed.ciphertext[1:]
    attempts = {
        "tenant": ("other", STREAM, field, sealed),
        "stream": ("demo", UUID(int=8), field, sealed),
        "field": ("demo", STREAM, field + "x", sealed),
        "subject": ("demo", STREAM, field, replace(sealed, subject_id=other.subject_id)),
        "bytes": ("demo", STREAM, field, replace(sealed, ciphertext=flipped)),
        "nonce": ("demo", STREAM, field, replace(sealed, nonce=bytes(12))),
    }
    with pytest.raises(SealIsBroken):
        await seals.open(*attempts[moved])


@given(
    st.lists(st.tuples(st.text(max_size=6), st.uuids(), st.uuids(), st.text(max_size=6)), min_size=2, max_size=2, unique=True),
)
def test_no_two_places_are_bound_by_the_same_bytes(places: list[tuple[str, UUID, UUID, str]]) -> None:
    one, two = (bound_to(Subject(tenant, person), stream, field) for tenant, person, stream, field in places)
    assert one != two


async def test_a_destroyed_key_makes_its_values_erased_and_stays_destroyed(seals: Seals, keys_dsn: str) -> None:
    subject = a_subject()
    sealed = await seals.seal(subject, STREAM, "note", "secret")
    kept = await seals.seal(a_subject(), STREAM, "note", "other")

    assert await seals.destroy(subject) == 1
    assert await seals.destroy(subject) == 0

    assert await seals.open("demo", STREAM, "note", sealed) is None
    assert await seals.open("demo", STREAM, "note", kept) == "other"
    [destroyed] = await seals.destroyed()
    assert (destroyed.subject_id, destroyed.key_version) == (subject.subject_id, 1)
    async with opened(keys_dsn) as other:
        assert await other.open("demo", STREAM, "note", sealed) is None


async def test_a_subject_who_comes_back_gets_another_key_and_the_old_values_stay_erased(seals: Seals) -> None:
    subject = a_subject()
    old = await seals.seal(subject, STREAM, "note", "old")
    await seals.destroy(subject)
    new = await seals.seal(subject, STREAM, "note", "new")
    assert new.key_version == 2
    assert await seals.open("demo", STREAM, "note", new) == "new"
    assert await seals.open("demo", STREAM, "note", old) is None


async def test_what_a_restore_brings_back_is_destroyed_again(seals: Seals, keys_dsn: str) -> None:
    subject = a_subject()
    sealed = await seals.seal(subject, STREAM, "note", "secret")
    async with await psycopg.AsyncConnection.connect(keys_dsn, autocommit=True) as admin:
        await admin.execute("CREATE TABLE backup AS SELECT * FROM cases_keys.keys")
        await seals.destroy(subject)
        exported = await seals.destroyed()
        await admin.execute("DELETE FROM cases_keys.destroyed")
        await admin.execute("INSERT INTO cases_keys.keys SELECT * FROM backup")
    assert await seals.open("demo", STREAM, "note", sealed) == "secret"  # the restore undid the erasure …

    assert await seals.destroy_again(exported) == 1

    assert await seals.open("demo", STREAM, "note", sealed) is None
    assert await seals.destroyed() == exported


async def test_many_at_once_make_one_key_and_never_the_same_nonce(seals: Seals) -> None:
    subject = a_subject()
    sealed: list[Sealed] = await asyncio.gather(*(seals.seal(subject, STREAM, "note", "same text") for _ in range(300)))
    assert {value.key_version for value in sealed} == {1}
    assert len({value.nonce for value in sealed}) == 300
    assert len({value.ciphertext for value in sealed}) == 300


async def test_two_processes_agree_on_one_key(keys_dsn: str) -> None:
    subject = a_subject()
    async with opened(keys_dsn) as one, opened(keys_dsn) as two:
        first, second = await asyncio.gather(one.seal(subject, STREAM, "a", "1"), two.seal(subject, STREAM, "b", "2"))
        assert first.key_version == second.key_version == 1
        assert await one.open("demo", STREAM, "b", second) == "2"
        assert await two.open("demo", STREAM, "a", first) == "1"


async def test_keys_made_for_many_at_once_are_as_good_as_those_made_one_by_one(seals: Seals, keys_dsn: str) -> None:
    """Also where two processes begin with the same subjects, one has a key already, and one had its key destroyed."""
    new, known, erased = a_subject(), a_subject(), a_subject()
    before = await seals.seal(known, STREAM, "note", "before")
    gone = await seals.seal(erased, STREAM, "note", "gone")
    await seals.destroy(erased)
    async with opened(keys_dsn) as other:
        await asyncio.gather(*(each.begin([new, known, erased, new]) for each in (seals, other)))
        one, two = [await each.seal(new, STREAM, "note", "new") for each in (seals, other)]
        assert one.key_version == two.key_version == 1
        assert await other.open("demo", STREAM, "note", one) == await seals.open("demo", STREAM, "note", two) == "new"
        assert await other.open("demo", STREAM, "note", before) == "before"
        assert await other.open("demo", STREAM, "note", gone) is None
        assert (await seals.seal(erased, STREAM, "note", "again")).key_version == 2


async def test_seals_of_keys_made_at_once_are_counted(seals: Seals, keys_dsn: str) -> None:
    subject = a_subject()
    await seals.begin([subject])
    for _ in range(300):
        await seals.seal(subject, STREAM, "note", "text")
    async with await psycopg.AsyncConnection.connect(keys_dsn) as admin:
        await admin.execute("SET ROLE cases_sealer")
        (reserved,) = await (await admin.execute("SELECT seals_reserved FROM cases_keys.keys")).fetchone() or (0,)
    assert reserved == 512


async def test_a_key_that_is_used_up_gets_a_successor(seals: Seals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals_module, "SEALS_PER_KEY_MAX", 3)
    monkeypatch.setattr(seals_module, "SEALS_RESERVED_AT_ONCE", 1)
    subject = a_subject()
    versions = [(await seals.seal(subject, STREAM, "note", str(i))).key_version for i in range(7)]
    assert versions == [1, 1, 1, 2, 2, 2, 3]


async def test_rotation_seals_with_a_new_key_and_reads_the_old(seals: Seals) -> None:
    subject = a_subject()
    old = await seals.seal(subject, STREAM, "note", "old")
    assert await seals.rotate(subject) == 2
    new = await seals.seal(subject, STREAM, "note", "new")
    assert (old.key_version, new.key_version) == (1, 2)
    assert [await seals.open("demo", STREAM, "note", value) for value in (old, new)] == ["old", "new"]


async def test_replacing_the_key_encryption_key_rewraps_and_reads_on(keys_dsn: str) -> None:
    subject = a_subject()
    async with opened(keys_dsn, OLDER_KEK) as before:
        sealed = await before.seal(subject, STREAM, "note", "text")
    async with opened(keys_dsn, KEK, OLDER_KEK) as during:
        assert await during.rewrap() == 1
        assert await during.rewrap() == 0
    async with opened(keys_dsn, KEK) as after:
        assert await after.open("demo", STREAM, "note", sealed) == "text"
    async with opened(keys_dsn, OLDER_KEK) as stale:
        with pytest.raises(KeyDoesNotUnwrap):
            await stale.open("demo", STREAM, "note", sealed)


async def test_no_key_lies_in_the_clear_and_no_other_role_reads_the_table(seals: Seals, keys_dsn: str) -> None:
    await seals.seal(a_subject(), STREAM, "note", "text")
    async with await psycopg.AsyncConnection.connect(keys_dsn, autocommit=True) as admin:
        cursor = await admin.execute("SELECT length(wrapped) FROM cases_keys.keys")
        assert await cursor.fetchall() == [(12 + 32 + 16,)]
        await admin.execute("DROP ROLE IF EXISTS a_stranger")
        await admin.execute("CREATE ROLE a_stranger NOLOGIN")
    stranger = conninfo.make_conninfo(keys_dsn, options="-c role=a_stranger")
    async with await psycopg.AsyncConnection.connect(stranger, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("SELECT * FROM cases_keys.keys")
