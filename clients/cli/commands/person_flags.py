"""`acuerdo person flag|unflag|revoke-cease`: what policies must know of somebody, and when it is so no more."""

from __future__ import annotations

from typing import Annotated

from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import persons_pb2 as persons
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.lookup import case_id_of
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.reading import instant_or_none, member, new_id


async def flag(
    person: str,
    what: str,
    *,
    case: Annotated[list[str] | None, Parameter(negative="")] = None,
    evidence: str = "",
    at: str | None = None,
    ask: Asking = ASKING,
) -> None:
    """What policies must know of a person.

    Parameters
    ----------
    person
        Its id.
    what
        attorney, deceased, incapacitated, minor, insolvent, vulnerable or workplace-prohibited.
    case
        Only for this case: its id, or the client's reference of it.
    evidence
        Reference of what proves it.
    at
        When it was told; else now.
    """
    request = people.FlagPersonRequest(
        request_id=new_id(),
        person_id=person,
        flag=member(persons.PersonFlag, what, "WHAT"),
        evidence_ref=evidence,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        request.case_ids.extend([await case_id_of(doors, each) for each in case or ()])
        answer = await doors.people.FlagPerson(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=person))


async def unflag(person: str, what: str, reason: str, *, evidence: str = "", at: str | None = None, ask: Asking = ASKING) -> None:
    """It is not so, or no more.

    Parameters
    ----------
    person
        Its id.
    what
        attorney, deceased, incapacitated, minor, insolvent, vulnerable or workplace-prohibited.
    reason
        Code of the reason, e.g. MISTAKEN.
    evidence
        Reference of what proves it.
    at
        When it was told; else now.
    """
    request = people.UnflagPersonRequest(
        request_id=new_id(),
        person_id=person,
        flag=member(persons.PersonFlag, what, "WHAT"),
        reason_code=reason,
        evidence_ref=evidence,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        answer = await doors.people.UnflagPerson(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].removed.format(id=what))


async def revoke_cease(person: str, cease: str, reason: str, *, evidence: str, at: str | None = None, ask: Asking = ASKING) -> None:
    """The person wants to be contacted again.

    Parameters
    ----------
    person
        Its id.
    cease
        Id of its wish to be left alone, as `acuerdo person show` says it.
    reason
        Code of the reason, e.g. ASKED_FOR.
    evidence
        Reference of what proves it.
    at
        When it was said; else now.
    """
    request = people.RevokeCeaseRequest(
        request_id=new_id(),
        person_id=person,
        cease_id=cease,
        reason_code=reason,
        evidence_ref=evidence,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        answer = await doors.people.RevokeCease(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].may_be_contacted.format(id=person))
