"""`acuerdo person register|correct|identifier|remove-identifier|residence`: who somebody is, and where."""

from __future__ import annotations

from typing import Annotated

from acuerdo.contacts.v1 import people_pb2 as people
from cyclopts import Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.people_words import PEOPLE_WORDS
from clients.cli.reading import day_or_none, instant_or_none, new_id

Several = Annotated[list[str] | None, Parameter(negative="")]


async def register(
    name: str,
    *,
    born: str | None = None,
    national_id: str = "",
    client: str = "",
    client_ref: str = "",
    phone: Several = None,
    email: Several = None,
    address: Several = None,
    country: str = "",
    subdivision: str = "",
    zone: Several = None,
    language: str = "",
    source: str = "DEBTOR",
    synthetic: Annotated[bool, Parameter(negative="")] = False,
    ask: Asking = ASKING,
) -> None:
    """Register one person, or find the one that has this national id or reference already and add what is new.

    Parameters
    ----------
    name
        As it is written, first names first.
    born
        Birth date, e.g. 1980-05-31.
    national_id
        KIND:NUMBER, e.g. NIF:12345678Z; with --country.
    client
        Id of the creditor, and …
    client_ref
        … by what it knows the person.
    phone
        With its country's code (+34 …), or with --country.
    email
        An e-mail address.
    address
        A postal address.
    country
        Where the person lives, and where its numbers are dialled, e.g. ES.
    subdivision
        Part of the country, e.g. MD.
    zone
        IANA zone the person may be in, e.g. Europe/Madrid.
    language
        e.g. es.
    source
        Where it comes from, e.g. DEBTOR, CREDITOR_FILE.
    synthetic
        Nobody: made up for a demonstration or a test, and marked so for ever.
    """
    if bool(client) != bool(client_ref):
        raise usage("Say --client and --client-ref together.")
    points = [
        *(people.NewPoint(phone=each, country=country) for each in phone or ()),
        *(people.NewPoint(email=each) for each in email or ()),
        *(people.NewPoint(postal=each, country=country, zones=zone or ()) for each in address or ()),
    ]
    person = people.NewPerson(
        name=name,
        birth_date=day_or_none(born, "--born"),
        national_id=_national_id(national_id, country) if national_id else None,
        points=points,
        client_id=client,
        client_ref=client_ref,
        source=source,
        residence_country=country,
        residence_subdivision=subdivision,
        zones=zone or (),
        language=language,
        is_synthetic=synthetic,
    )
    # The id is not made from what is asked, as elsewhere: a hash of personal data would outlive the data.
    request = people.RegisterPersonRequest(request_id=new_id(), person=person)
    async with ask.doors() as doors:
        answer = await doors.people.RegisterPerson(request)
    said = PEOPLE_WORDS[ask.lang]
    ask.answer(answer, (said.known_before if answer.is_known else said.registered).format(person=answer.person_id))


async def correct(
    person: str,
    name: str,
    *,
    born: str | None = None,
    source: str = "DEBTOR",
    evidence: str = "",
    at: str | None = None,
    ask: Asking = ASKING,
) -> None:
    """The name or the birth date is another one.

    Parameters
    ----------
    person
        Its id.
    name
        As it is written, first names first.
    born
        Birth date; else as it was.
    source
        Who says so, e.g. DEBTOR, DOCUMENT.
    evidence
        Reference of what proves it.
    at
        When it was said; else now.
    """
    request = people.CorrectIdentityRequest(
        request_id=new_id(),
        person_id=person,
        name=name,
        birth_date=day_or_none(born, "--born"),
        source=source,
        evidence_ref=evidence,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        answer = await doors.people.CorrectIdentity(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=person))


async def identifier(
    person: str,
    *,
    national_id: str = "",
    country: str = "",
    client: str = "",
    client_ref: str = "",
    source: str = "DEBTOR",
    at: str | None = None,
    ask: Asking = ASKING,
) -> None:
    """One more number by which a person is known: a national id, or a creditor's reference.

    Parameters
    ----------
    person
        Its id.
    national_id
        KIND:NUMBER, e.g. NIF:12345678Z; with --country.
    country
        Whose national id it is, e.g. ES.
    client
        Instead: id of the creditor, and …
    client_ref
        … by what it knows the person.
    source
        Who says so, e.g. DEBTOR, DOCUMENT.
    at
        When it was said; else now.
    """
    if bool(client) != bool(client_ref) or bool(national_id) == bool(client):
        raise usage("Say --national-id, or --client and --client-ref.")
    request = people.RecordIdentifierRequest(request_id=new_id(), person_id=person, source=source, occurred_at=instant_or_none(at, "--at"))
    if national_id:
        request.national_id.CopyFrom(_national_id(national_id, country))
    else:
        request.client_ref.CopyFrom(people.ClientRef(client_id=client, reference=client_ref))
    async with ask.doors() as doors:
        answer = await doors.people.RecordIdentifier(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=answer.identifier_id))


async def remove_identifier(person: str, identifier: str, reason: str, *, at: str | None = None, ask: Asking = ASKING) -> None:
    """A number is not the person's; another one may have it.

    Parameters
    ----------
    person
        Its id.
    identifier
        Id of the number, as `acuerdo person show` says it.
    reason
        Code of the reason, e.g. MISTYPED.
    at
        When it was found out; else now.
    """
    request = people.RemoveIdentifierRequest(
        request_id=new_id(), person_id=person, identifier_id=identifier, reason_code=reason, occurred_at=instant_or_none(at, "--at")
    )
    async with ask.doors() as doors:
        answer = await doors.people.RemoveIdentifier(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].removed.format(id=identifier))


async def residence(
    person: str,
    country: str,
    *,
    subdivision: str = "",
    zone: Several = None,
    evidence: str = "STATED",
    at: str | None = None,
    ask: Asking = ASKING,
) -> None:
    """Where a person is: by what law and what clock it is contacted.

    Parameters
    ----------
    person
        Its id.
    country
        ISO 3166, e.g. ES.
    subdivision
        Part of it, e.g. MD; else nobody knows.
    zone
        IANA zone, e.g. Europe/Madrid; several: nobody knows which.
    evidence
        How it is known: STATED, ADDRESS, CREDITOR_FILE …
    at
        When it was said; else now.
    """
    request = people.RecordResidenceRequest(
        request_id=new_id(),
        person_id=person,
        country=country,
        subdivision=subdivision,
        zones=zone or (),
        evidence=evidence,
        occurred_at=instant_or_none(at, "--at"),
    )
    async with ask.doors() as doors:
        answer = await doors.people.RecordResidence(request)
    ask.answer(answer, PEOPLE_WORDS[ask.lang].recorded.format(id=person))


def _national_id(said: str, country: str) -> people.NationalId:
    kind, found, value = said.partition(":")
    if not found or not country:
        raise usage(f"--national-id is not KIND:NUMBER such as NIF:12345678Z, with --country: {said}")
    return people.NationalId(kind=kind.upper(), country=country, value=value)
