"""Views: what they show is what the log says, whoever writes them and however often they are built again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from psycopg import AsyncConnection

from services.chassis.follower.views import PAGE_RECORDS_MAX, ViewIsBehind, Views
from services.chassis.heard import Heard, View
from tests.chassis.follower.tales import TELLER, House, eventually, tales, tell, tell_at_once


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    for heard in facts:
        await connection.execute(
            """INSERT INTO last_words VALUES (%s, %s, 1) ON CONFLICT (tale_id) DO UPDATE
               SET word = excluded.word, count = last_words.count + 1""",
            (heard.stream_id, heard.fact.word),
        )


LAST_WORDS = View("last_words", ("last_words",), write)
SHOWN = "SELECT tale_id, word, count FROM last_words ORDER BY tale_id"


@pytest.fixture
async def shown(home: House) -> House:
    await home.query("tales", "CREATE TABLE last_words (tale_id uuid PRIMARY KEY, word text NOT NULL, count integer NOT NULL)")
    await home.query("tales", "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON last_words TO tales_follower")
    return home


async def test_a_write_is_read_once_its_position_is_shown(shown: House) -> None:
    log, (tale,) = await shown.log(TELLER), tales(1)
    views = await shown.run(Views(log, [LAST_WORDS]))

    for word in "abc":
        stored = (await tell(log, (tale, word)))[0]
        await views.wait_for(stored.position, 5.0)
        assert (await shown.query("tales", SHOWN))[0][1] == word


async def test_another_process_waits_for_a_view_it_does_not_write(shown: House) -> None:
    log, other, (tale,) = await shown.log(TELLER), await shown.log(TELLER), tales(1)
    await shown.run(Views(log, [LAST_WORDS]))
    stored = (await tell(log, (tale, "a")))[0]
    reader = await shown.run(Views(other, [LAST_WORDS]))

    await reader.wait_for(stored.position, 5.0)

    assert (await shown.query("tales", SHOWN))[0][1] == "a"


async def test_waiting_for_what_never_comes_ends(shown: House) -> None:
    views = await shown.run(Views(await shown.log(TELLER), [LAST_WORDS]))

    with pytest.raises(ViewIsBehind):
        await views.wait_for(99, 0.3)


async def test_a_view_built_again_from_zero_equals_the_live_one(shown: House) -> None:
    log, some = await shown.log(TELLER), tales(20)
    views = await shown.run(Views(log, [LAST_WORDS]))
    stored = await tell(log, *[(tale, word) for word in "abcd" for tale in some])
    last = max(one.position for one in stored)
    await views.wait_for(last, 5.0)
    live = await shown.query("tales", SHOWN)
    await shown.query("tales", "UPDATE last_words SET word = 'spoilt'")

    await views.rebuild("last_words")

    async def is_rebuilt() -> bool:
        return not await shown.query("tales", "SELECT 1 FROM rebuilds") and await shown.query("tales", SHOWN) == live

    await eventually(is_rebuilt)


async def test_two_writers_of_one_view_count_each_fact_once(shown: House) -> None:
    """One has lost its lease without noticing; the position shows it."""
    log, other, (tale,) = await shown.log(TELLER), await shown.log(TELLER), tales(1)
    frozen = await shown.run(Views(log, [LAST_WORDS], lease_seconds=1.0))
    last = (await tell(log, (tale, "a")))[0]
    await frozen.wait_for(last.position, 5.0)
    await frozen._leases._tasks.stop()
    second = await shown.run(Views(other, [LAST_WORDS], lease_seconds=1.0))
    await second._leases.wait_held("last_words")

    for word in "bcdef":
        last = (await tell(log, (tale, word)))[0]

    async def are_counted() -> bool:
        return (await shown.query("tales", SHOWN))[0][1:] == ("f", 6)

    await eventually(are_counted)


async def test_what_was_stored_together_is_shown_together(shown: House) -> None:
    """However many facts a unit has, and wherever a page would end."""
    log, (tale,) = await shown.log(TELLER), tales(1)
    sizes = [PAGE_RECORDS_MAX - 1, 2, PAGE_RECORDS_MAX, 2 * PAGE_RECORDS_MAX + 1, 1]
    for size in sizes:
        last = await tell_at_once(log, tale, size)
    pages: list[list[Heard[Any]]] = []

    async def note(_: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
        pages.append(list(facts))

    views = await shown.run(Views(log, [View("last_words", ("last_words",), note)]))
    await views.wait_for(last.position, 10.0)

    units_of_pages = [{heard.recorded_at for heard in page} for page in pages]
    assert sum(map(len, units_of_pages)) == len(set[Any]().union(*units_of_pages)) == len(sizes)
    assert [heard.position for page in pages for heard in page] == list(range(1, sum(sizes) + 1))
