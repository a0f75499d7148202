"""Blocks of output about people. Each fits in 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import persons_pb2 as persons
from acuerdo.contacts.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli.frames import NOTHING, moment, pairs_frame, table_frame, word_of
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.words import Words

DAYS = ("", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def found_block(answer: people.FindPersonsResponse, words: Words) -> RenderableType:
    """Each person, and the cases it is in."""
    said = PEOPLE_WORDS[words.lang]
    if not answer.persons:
        return Text(said.nobody, style="dim")
    blocks: list[RenderableType] = []
    for person in answer.persons:
        name = said.erased if person.is_erased else person.name
        note = f"  {said.synthetic}" if person.is_synthetic else ""
        blocks.append(Text.assemble((name, "bold"), (f"  {person.person_id}", "dim"), (note, "yellow")))
        blocks.append(cases_table(person.cases, words))
    return Group(*blocks)


def person_block(person: people.PersonInClear, words: Words) -> RenderableType:
    said = PEOPLE_WORDS[words.lang]
    facts = pairs_frame()
    facts.add_row(said.person, Text.assemble((said.erased if person.is_erased else person.name, "bold"), (f"  {person.person_id}", "dim")))
    if person.is_synthetic:
        facts.add_row("", Text(said.synthetic, style="yellow"))
    numbers = [
        f"{each.kind} {each.country or ''} {said.erased if each.is_erased else each.value} {each.identifier_id}"
        for each in person.identifiers
    ]
    rows = {
        said.identifiers: "\n".join(" ".join(number.split()) for number in numbers),
        said.was_also: "\n".join(merge.person_id for merge in person.merged),
        said.lives: "\n".join(_residence(each) for each in person.residences),
        said.consents: "\n".join(_consent(each) for each in person.consents),
        said.asks: "\n".join((*map(_preference, person.preferences), *map(_cease, person.ceases))),
        said.flags: ", ".join(word_of(persons.PersonFlag.Name(each.flag), "PERSON_FLAG_") for each in person.flags),
    }
    for name, value in rows.items():
        if value:
            facts.add_row(name, value)
    return Group(facts, points_table(person.points, words), cases_table(person.cases, words))


def points_table(points: Iterable[people.PointInClear], words: Words) -> RenderableType:
    said = PEOPLE_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.point, overflow="fold", ratio=1)
    table.add_column(said.state)
    table.add_column(said.source)
    table.add_column("", style="dim", no_wrap=True)
    for point in points:
        state = Text(word_of(persons.PointState.Name(point.state), "POINT_STATE_"))
        if point.reason_code:
            state.append(f"\n{word_of(point.reason_code, '')}", style="dim")
        table.add_row(said.erased if point.is_erased else point.value, state, word_of(point.source, ""), point.point_id)
    return table


def cases_table(cases: Iterable[people.FoundCase], words: Words) -> RenderableType:
    said = PEOPLE_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.cases, overflow="fold", ratio=1)
    table.add_column(said.role)
    table.add_column("", style="dim", no_wrap=True)
    for case in cases:
        closed = (f"  {said.closed}", "dim") if case.is_closed else ""
        table.add_row(Text.assemble(case.external_ref, closed), word_of(case.role, ""), case.case_id)
    return table


def matches_block(answer: people.ListMatchesResponse, words: Words) -> RenderableType:
    said = PEOPLE_WORDS[words.lang]
    if not answer.matches:
        return Text(said.nothing_alike, style="dim")
    table = table_frame()
    table.add_column(said.person, no_wrap=True)
    table.add_column(said.score, justify="right")
    table.add_column(said.speaks_for, overflow="fold", ratio=1)
    for match in answer.matches:
        shared = ", ".join(word_of(each.kind, "") for each in match.evidence)
        contradicted = (f"; {said.contradicted}", "yellow") if match.is_contradicted else ""
        table.add_row(match.person_id, str(match.score), Text.assemble(shared, contradicted))
    return table


def _residence(of: persons.Residence) -> str:
    place = "-".join(part for part in (of.country, of.subdivision) if part)
    return f"{place} ({', '.join(of.zones)}; {word_of(of.evidence, '')})"


def _consent(of: persons.Consent) -> str:
    what = word_of(persons.ConsentKind.Name(of.kind), "CONSENT_KIND_")
    until = f" until {moment(of.expires_at)}" if of.HasField("expires_at") else ""
    gone = f" (withdrawn {moment(of.withdrawn_at)})" if of.HasField("withdrawn_at") else ""
    return " ".join((f"{what}: {_channels(of.channels)}", *_windows(of.windows), f"{word_of(of.instrument, '')}{until}{gone}"))


def _preference(of: persons.Preference) -> str:
    return ", ".join(part for part in (of.language, of.zone, _channels(of.channel_order), *_windows(of.windows)) if part) or str(NOTHING)


def _cease(of: persons.Cease) -> str:
    cases = f" ({', '.join(str(UUID(bytes=case_id)) for case_id in of.case_ids)})" if of.case_ids else ""
    gone = f" (revoked {moment(of.revoked_at)})" if of.HasField("revoked_at") else ""
    cease_id = f" {UUID(bytes=of.cease_id)}" if of.cease_id else ""
    return f"to be left alone: {_channels(of.channels)}{cases}, {word_of(of.medium, '')} {moment(of.received_at)}{gone}{cease_id}"


def _channels(channels: Iterable[int]) -> str:
    return ", ".join(word_of(types.Channel.Name(channel), "CHANNEL_") for channel in channels) or "any channel"


def _windows(windows: Iterable[persons.TimeWindow]) -> Iterator[str]:
    for window in windows:
        days = ",".join(DAYS[day] for day in window.weekdays)
        yield f"{days} {_clock(window.from_minute)}-{_clock(window.until_minute)}".strip()


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
