"""`acuerdo person`: who people are and how they are reached. Whatever is read is recorded with its purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acuerdo.contacts.v1 import people_pb2 as people
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.commands import person_agreements, person_flags, person_identity, person_merges
from clients.cli.failures import usage
from clients.cli.interaction_blocks import case_file_block
from clients.cli.lookup import case_id_of
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.person_blocks import found_block, person_block
from clients.cli.reading import instant_or_none, new_id

app = App(name="person", help="People (personas): found, shown, asked, merged. PERSON is an id; `acuerdo person find` says it.")

CASEWORK = "CASEWORK"


@app.command
async def find(
    *,
    phone: str = "",
    email: str = "",
    national_id: str = "",
    case: str = "",
    country: str = "",
    purpose: str = CASEWORK,
    ask: Asking = ASKING,
) -> None:
    """Whose number or address this is, and what cases there are of them.

    Parameters
    ----------
    phone
        With its country's code (+34 …), or with --country.
    email
        An e-mail address.
    national_id
        KIND:NUMBER, e.g. NIF:12345678Z; with --country.
    case
        The parties of a case: its id, or the client's reference of it.
    country
        Of the number, e.g. ES.
    purpose
        Why it is looked up: it is recorded.
    """
    request = people.FindPersonsRequest(request_id=new_id(), purpose=purpose, country=country)
    if sum(map(bool, (phone, email, national_id, case))) != 1:
        raise usage("Say one of --phone, --email, --national-id, --case.")
    async with ask.doors() as doors:
        if phone:
            request.phone = phone
        elif email:
            request.email = email
        elif national_id:
            kind, _, value = national_id.rpartition(":")
            request.national_id.CopyFrom(people.NationalId(kind=kind.upper(), country=country, value=value))
        else:
            request.case_id = await case_id_of(doors, case)
        answer = await doors.people.FindPersons(request)
    ask.answer(answer, found_block(answer, ask.words))


@app.command
async def show(person: str, *, as_known_at: str | None = None, purpose: str = CASEWORK, ask: Asking = ASKING) -> None:
    """Everything that is known of a person.

    Parameters
    ----------
    person
        Its id. Of one that was merged, the person that stayed is shown.
    as_known_at
        What we knew at that instant.
    purpose
        Why it is read: it is recorded.
    """
    known = instant_or_none(as_known_at, "--as-known-at")
    request = people.GetPersonRequest(request_id=new_id(), person_id=person, purpose=purpose, as_known_at=known)
    async with ask.doors() as doors:
        answer = await doors.people.GetPerson(request)
    ask.answer(answer, person_block(answer.person, ask.words))


@app.command
async def case_file(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """What contacts has heard of a case: its parties, its holds and which of them are heeded.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.people.GetCaseFile(people.GetCaseFileRequest(case_id=case_id))
    ask.answer(answer, case_file_block(answer, ask.words))


@app.command
async def point(
    person: str,
    *,
    phone: str = "",
    email: str = "",
    country: str = "",
    source: str = "DEBTOR",
    workplace: bool = False,
    ask: Asking = ASKING,
) -> None:
    """Add a telephone number or an e-mail address. Given twice, it is one.

    Parameters
    ----------
    person
        Its id.
    phone
        With its country's code (+34 …), or with --country.
    email
        An e-mail address.
    country
        Where the number is dialled, e.g. ES.
    source
        Where it comes from, e.g. DEBTOR, SKIP_TRACE.
    workplace
        It is the employer's.
    """
    if bool(phone) == bool(email):
        raise usage("Say --phone or --email.")
    new = people.NewPoint(country=country, is_workplace=workplace, **({"phone": phone} if phone else {"email": email}))
    async with ask.doors() as doors:
        answer = await doors.people.AddContactPoint(
            people.AddContactPointRequest(request_id=new_id(), person_id=person, point=new, source=source)
        )
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=answer.point_id))


@app.command
async def mark(person: str, point: str, as_: str, reason: str, *, evidence: str = "", ask: Asking = ASKING) -> None:
    """Say what a contact point is worth.

    Parameters
    ----------
    person
        Its id.
    point
        Id of the contact point.
    as_
        verified, invalid, third-party (somebody else's: never used again), suppressed, reinstated.
    reason
        Code of the reason; for verified, by what: REPLY, CODE, CALL.
    evidence
        Reference of what proves it.
    """
    if as_ not in MARKS:
        raise usage(f"A contact point is marked {', '.join(MARKS)}; not {as_}.")
    method, request_of, why = MARKS[as_]
    request = request_of(request_id=new_id(), person_id=person, point_id=point, evidence_ref=evidence)
    setattr(request, why, reason)
    async with ask.doors() as doors:
        answer = await getattr(doors.people, method)(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=point))


for command in (
    person_identity.register,
    person_identity.correct,
    person_identity.identifier,
    person_identity.remove_identifier,
    person_identity.residence,
    person_flags.flag,
    person_flags.unflag,
    person_agreements.consent,
    person_agreements.withdraw,
    person_agreements.prefer,
    person_agreements.cease,
    person_flags.revoke_cease,
    person_merges.matches,
    person_merges.merge,
    person_merges.unmerge,
    person_merges.dismiss,
):
    app.command(command)

MARKS: Mapping[str, tuple[str, Callable[..., Any], str]] = {
    "verified": ("ConfirmContactPoint", people.ConfirmContactPointRequest, "method"),
    "invalid": ("InvalidateContactPoint", people.InvalidateContactPointRequest, "reason_code"),
    "third-party": ("MarkContactPointThirdParty", people.MarkContactPointThirdPartyRequest, "reason_code"),
    "suppressed": ("SuppressContactPoint", people.SuppressContactPointRequest, "reason_code"),
    "reinstated": ("ReinstateContactPoint", people.ReinstateContactPointRequest, "reason_code"),
}
"""The method, its request, and the field that says why."""
