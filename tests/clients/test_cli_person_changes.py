"""Persons registered by hand, corrected and flagged on the command line: the whole request, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import persons_pb2 as persons
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from grpc import StatusCode

from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_workforce import refusing, without_id

CASE, PERSON, OTHER = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
AT, NOW = "2026-03-10T09:00:00Z", stamp(datetime(2026, 3, 10, 9, tzinfo=UTC))
BORN = Date(year=1980, month=5, day=31)
NIF = people.NationalId(kind="NIF", country="ES", value="12345678Z")

SAID: list[tuple[tuple[str, ...], str, Message, Message, str, str]] = [
    (
        ("correct", PERSON, "Marta Ruiz", "--born", "1980-05-31", "--source", "DOCUMENT", "--evidence", "doc-1", "--at", AT),
        "CorrectIdentity",
        people.CorrectIdentityResponse(),
        people.CorrectIdentityRequest(
            person_id=PERSON, name="Marta Ruiz", birth_date=BORN, source="DOCUMENT", evidence_ref="doc-1", occurred_at=NOW
        ),
        f"Recorded: {PERSON}",
        f"Anotado: {PERSON}",
    ),
    (
        ("identifier", PERSON, "--national-id", "nif:12345678Z", "--country", "ES", "--at", AT),
        "RecordIdentifier",
        people.RecordIdentifierResponse(identifier_id=OTHER),
        people.RecordIdentifierRequest(person_id=PERSON, national_id=NIF, source="DEBTOR", occurred_at=NOW),
        f"Recorded: {OTHER}",
        f"Anotado: {OTHER}",
    ),
    (
        ("identifier", PERSON, "--client", OTHER, "--client-ref", "K-1"),
        "RecordIdentifier",
        people.RecordIdentifierResponse(identifier_id=OTHER),
        people.RecordIdentifierRequest(person_id=PERSON, client_ref=people.ClientRef(client_id=OTHER, reference="K-1"), source="DEBTOR"),
        f"Recorded: {OTHER}",
        f"Anotado: {OTHER}",
    ),
    (
        ("remove-identifier", PERSON, OTHER, "MISTYPED", "--at", AT),
        "RemoveIdentifier",
        people.RemoveIdentifierResponse(),
        people.RemoveIdentifierRequest(person_id=PERSON, identifier_id=OTHER, reason_code="MISTYPED", occurred_at=NOW),
        f"No longer so: {OTHER}",
        f"Ya no consta: {OTHER}",
    ),
    (
        ("residence", PERSON, "ES", "--subdivision", "CN", "--zone", "Atlantic/Canary", "--zone", "Europe/Madrid", "--at", AT),
        "RecordResidence",
        people.RecordResidenceResponse(),
        people.RecordResidenceRequest(
            person_id=PERSON,
            country="ES",
            subdivision="CN",
            zones=["Atlantic/Canary", "Europe/Madrid"],
            evidence="STATED",
            occurred_at=NOW,
        ),
        f"Recorded: {PERSON}",
        f"Anotado: {PERSON}",
    ),
    (
        ("flag", PERSON, "workplace-prohibited", "--case", "R-1", "--evidence", "call-7", "--at", AT),
        "FlagPerson",
        people.FlagPersonResponse(),
        people.FlagPersonRequest(
            person_id=PERSON,
            flag=persons.PERSON_FLAG_WORKPLACE_PROHIBITED,
            case_ids=[CASE],
            evidence_ref="call-7",
            occurred_at=NOW,
        ),
        f"Recorded: {PERSON}",
        f"Anotado: {PERSON}",
    ),
    (
        ("unflag", PERSON, "deceased", "MISTAKEN", "--evidence", "call-8", "--at", AT),
        "UnflagPerson",
        people.UnflagPersonResponse(),
        people.UnflagPersonRequest(
            person_id=PERSON, flag=persons.PERSON_FLAG_DECEASED, reason_code="MISTAKEN", evidence_ref="call-8", occurred_at=NOW
        ),
        "No longer so: deceased",
        "Ya no consta: deceased",
    ),
    (
        ("revoke-cease", PERSON, OTHER, "ASKED_FOR", "--evidence", "call-9", "--at", AT),
        "RevokeCease",
        people.RevokeCeaseResponse(),
        people.RevokeCeaseRequest(person_id=PERSON, cease_id=OTHER, reason_code="ASKED_FOR", evidence_ref="call-9", occurred_at=NOW),
        "May be contacted again",
        "Se puede contactar de nuevo",
    ),
    (
        ("dismiss", PERSON, OTHER, "FATHER_AND_SON"),
        "DismissMatch",
        people.DismissMatchResponse(),
        people.DismissMatchRequest(person_id=PERSON, other_person_id=OTHER, reason_code="FATHER_AND_SON"),
        f"Not the same: {PERSON} and {OTHER}",
        f"No son la misma: {PERSON} y {OTHER}",
    ),
]


@pytest.mark.parametrize(("said", "method", "answer", "expected", "english", "spanish"), SAID, ids=lambda value: str(value)[:40])
def test_what_is_said_is_what_is_asked(
    said: tuple[str, ...],
    method: str,
    answer: Message,
    expected: Message,
    english: str,
    spanish: str,
    started: Path,
    services: FakeServices,
    acuerdo: Acuerdo,
) -> None:
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    services.answers[method] = answer
    ran = acuerdo("person", *said)
    assert ran.exit_code == 0, ran.err
    assert english in " ".join(ran.out.split())
    assert spanish in " ".join(acuerdo("person", *said, "--lang", "es").out.split())
    assert [without_id(each) for each in services.requests(method)] == [expected, expected]
    services.answers[method] = refusing("IT_IS_FORBIDDEN")
    refused = acuerdo("person", *said)
    assert (refused.exit_code, "IT_IS_FORBIDDEN" in refused.err) == (1, True)


@pytest.mark.parametrize(
    "said",
    [
        ("register", "Marta", "--client", OTHER),
        ("register", "Marta", "--national-id", "NIF:12345678Z"),
        ("register", "Marta", "--born", "in spring"),
        ("identifier", PERSON),
        ("identifier", PERSON, "--national-id", "12345678Z", "--country", "ES"),
        ("identifier", PERSON, "--national-id", "NIF:1", "--country", "ES", "--client", OTHER, "--client-ref", "K-1"),
        ("flag", PERSON, "rude"),
        ("unflag", PERSON, "rude", "MISTAKEN"),
        ("revoke-cease", PERSON, OTHER, "ASKED_FOR"),
        ("residence", PERSON, "ES", "--at", "soon"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_command(started: Path, services: FakeServices, acuerdo: Acuerdo, said: tuple[str, ...]) -> None:
    assert acuerdo("person", *said).exit_code == 2
    assert services.asked == []


def test_a_person_is_registered_by_hand_and_no_id_is_made_from_who_it_is(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RegisterPerson"] = people.RegisterPersonResponse(person_id=PERSON)
    said = (
        *("person", "register", "Marta Ruiz", "--born", "1980-05-31", "--national-id", "NIF:12345678Z", "--client", OTHER),
        *("--client-ref", "K-1", "--phone", "600 100 200", "--email", "marta@example.org", "--address", "Calle Mayor 1, Madrid"),
        *("--country", "ES", "--subdivision", "MD", "--zone", "Europe/Madrid", "--language", "es", "--synthetic"),
    )
    assert acuerdo(*said).out == f"Registered: {PERSON}\n"
    services.answers["RegisterPerson"] = people.RegisterPersonResponse(person_id=PERSON, is_known=True)
    assert acuerdo(*said, "--lang", "es").out == f"Ya constaba: {PERSON}\n"
    first, second = services.requests("RegisterPerson")
    assert first.request_id != second.request_id
    assert (
        without_id(first)
        == without_id(second)
        == people.RegisterPersonRequest(
            person=people.NewPerson(
                name="Marta Ruiz",
                birth_date=BORN,
                national_id=NIF,
                points=[
                    people.NewPoint(phone="600 100 200", country="ES"),
                    people.NewPoint(email="marta@example.org"),
                    people.NewPoint(postal="Calle Mayor 1, Madrid", country="ES", zones=["Europe/Madrid"]),
                ],
                client_id=OTHER,
                client_ref="K-1",
                source="DEBTOR",
                residence_country="ES",
                residence_subdivision="MD",
                zones=["Europe/Madrid"],
                language="es",
                is_synthetic=True,
            )
        )
    )

    def refuse(request: object) -> None:
        raise Refusing(StatusCode.PERMISSION_DENIED, "Not with this role.")

    services.answers["RegisterPerson"] = refuse
    assert acuerdo("person", "register", "Marta").exit_code == 4


def test_what_may_be_taken_back_is_shown_with_its_id(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetPerson"] = people.GetPersonResponse(
        person=people.PersonInClear(
            person_id=PERSON,
            identifiers=[people.IdentifierInClear(identifier_id=OTHER, kind="NIF", country="ES", value="12345678Z")],
            ceases=[persons.Cease(cease_id=UUID(CASE).bytes, medium="LETTER")],
        )
    )
    shown = " ".join(acuerdo("person", "show", PERSON).out.split())
    assert f"NIF ES 12345678Z {OTHER}" in shown
    assert CASE in shown
