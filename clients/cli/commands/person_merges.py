"""`acuerdo person matches|merge|unmerge|dismiss`: records that may be of one human being."""

from __future__ import annotations

from acuerdo.contacts.v1 import people_pb2 as people

from clients.cli.asking import ASKING, Asking
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.person_blocks import matches_block
from clients.cli.reading import new_id


async def matches(person: str, *, ask: Asking = ASKING) -> None:
    """Persons that may be the same as this one, the likeliest first.

    Parameters
    ----------
    person
        Its id.
    """
    async with ask.doors() as doors:
        answer = await doors.people.ListMatches(people.ListMatchesRequest(person_id=person))
    ask.answer(answer, matches_block(answer, ask.words))


async def merge(person: str, other: str, reason: str, *, ask: Asking = ASKING) -> None:
    """Two are one: every limit counts them as one from now on.

    Parameters
    ----------
    person
        The one that stays.
    other
        The one that is the same.
    reason
        Code of the reason, e.g. REVIEWED.
    """
    request = people.MergePersonsRequest(request_id=new_id(), person_id=person, other_person_id=other, reason_code=reason)
    async with ask.doors() as doors:
        answer = await doors.people.MergePersons(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].merged.format(person=answer.receipt.stream_id, score=answer.score))


async def unmerge(person: str, other: str, reason: str, *, evidence: str = "", ask: Asking = ASKING) -> None:
    """They were two after all.

    Parameters
    ----------
    person
        The one that stayed.
    other
        The one that lives again.
    reason
        Code of the reason, e.g. MISTAKEN.
    evidence
        Reference of what proves it.
    """
    request = people.UnmergePersonsRequest(
        request_id=new_id(), person_id=person, other_person_id=other, reason_code=reason, evidence_ref=evidence
    )
    async with ask.doors() as doors:
        answer = await doors.people.UnmergePersons(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].unmerged.format(person=person, other=other))


async def dismiss(person: str, other: str, reason: str, *, ask: Asking = ASKING) -> None:
    """Somebody looked, and they are not the same: it is not asked again.

    Parameters
    ----------
    person
        Its id.
    other
        The one that is like it.
    reason
        Code of the reason, e.g. FATHER_AND_SON.
    """
    request = people.DismissMatchRequest(request_id=new_id(), person_id=person, other_person_id=other, reason_code=reason)
    async with ask.doors() as doors:
        answer = await doors.people.DismissMatch(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].not_the_same.format(person=person, other=other))
