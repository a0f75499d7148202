"""People on the command line: a file's persons go to contacts before its cases, and cases learn nothing but their ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money, Receipt
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import persons_pb2 as persons
from acuerdo.contacts.v1 import types_pb2 as contact_types

from clients.cli.identities import IDENTITY
from dev.identities import identity_of, write
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices

PORTFOLIO = "019340c1-3a5e-7f0e-9d5b-000000000001"
BATCH = "019340c1-3a5e-7f0e-9d5b-000000000002"
CLIENT = "019340c1-3a5e-7f0e-9d5b-000000000003"
PERSON = "019340c1-3a5e-7f0e-9d5b-00000000000a"
OTHER = "019340c1-3a5e-7f0e-9d5b-00000000000b"
HEADER = "external_ref,product,principal,name,national_id,phone,email,country,zone,is_synthetic"


@pytest.fixture(autouse=True)
def contacts_is_there(started: Path, services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUERDO_TARGET_CONTACTS", services.address)


@pytest.fixture
def taking(services: FakeServices) -> FakeServices:
    """Services that take every row, but contacts refuses a name with `Refused` in it."""
    portfolio = cases.Portfolio(
        portfolio_id=PORTFOLIO, client_id=CLIENT, terms=types.PortfolioTerms(currency_code="EUR", jurisdiction="ES-MD")
    )
    found = types.ControlTotals(count=2, amount=Money(currency_code="EUR", minor_units=1050))
    services.answers["GetPortfolio"] = cases.GetPortfolioResponse(portfolio=portfolio)
    services.answers["ReceiveBatch"] = cases.ReceiveBatchResponse(batch_id=BATCH)
    services.answers["RegisterPersons"] = lambda chunk: people.RegisterPersonsResponse(
        request_id=chunk.request_id, outcomes=[outcome(row) for row in chunk.rows]
    )
    services.answers["RegisterCases"] = lambda chunk: cases.RegisterCasesResponse(
        request_id=chunk.request_id, outcomes=[cases.RowOutcome(line=row.line, case_id=PORTFOLIO, version=4) for row in chunk.rows]
    )
    batch = cases.Batch(batch_id=BATCH, external_ref="b", state=cases.Batch.STATE_RECEIVED, declared=found, found=found)
    services.answers["GetBatch"] = cases.GetBatchResponse(batch=batch)
    return services


def outcome(row: people.PersonRow) -> people.PersonOutcome:
    if "Refused" in row.person.name:
        return people.PersonOutcome(line=row.line, field="person.points[0].phone", reason="IS_INVALID", description="is no number")
    return people.PersonOutcome(line=row.line, person_id=f"{PERSON[:-2]}{row.line:02}", version=1)


def remesa(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "remesa.csv"
    file.write_text("\n".join((header, *rows)) + "\n")
    return file


def test_persons_are_registered_first_and_cases_see_only_their_ids(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(
        started,
        "R-1,loan,10.00,Marta Canary,12345678Z,600 100 200,marta@example.org,ES,Europe/Madrid,yes",
        "R-2,loan,0.50,Luis Canary,,,,,,",
    )
    ran = acuerdo("import", "batch", file, "--portfolio", PORTFOLIO)

    assert ran.exit_code == 0, ran.err
    assert [name for name, _ in taking.asked].index("RegisterPersons") < [name for name, _ in taking.asked].index("RegisterCases")
    (persons_sent,) = taking.requests("RegisterPersons")
    one, other = persons_sent.rows
    assert (one.line, one.person.name, one.person.client_id, one.person.client_ref) == (2, "Marta Canary", CLIENT, "R-1")
    assert (one.person.national_id.kind, one.person.national_id.country, one.person.national_id.value) == ("NIF", "ES", "12345678Z")
    assert [(point.phone or point.email, point.country) for point in one.person.points] == [
        ("600 100 200", "ES"),
        ("marta@example.org", ""),
    ]
    assert (list(one.person.zones), one.person.is_synthetic, other.person.is_synthetic) == (["Europe/Madrid"], True, False)
    (chunk,) = taking.requests("RegisterCases")
    assert [row.parties[0].person_id for row in chunk.rows] == [f"{PERSON[:-2]}02", f"{PERSON[:-2]}03"]
    told_to_cases = b"".join(request.SerializeToString() for name, request in taking.asked if name != "RegisterPersons").lower()
    for canary in (b"canary", b"12345678z", b"600 100 200", b"example.org"):
        assert canary not in told_to_cases


def test_a_row_whose_person_is_refused_is_no_case(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    """Line 3 is refused by contacts, line 4 cannot be read; the case of line 5 names nobody and has a person of its own."""
    file = remesa(
        started,
        "R-1,loan,10.00,Marta,,,,,,",
        "R-2,loan,1.00,Refused Person,,123,,,,",
        "R-3,loan,1.00,,,600100200,,,,",
        "R-4,loan,1.00,,,,,,,",
    )
    ran = acuerdo("import", "batch", file, "--portfolio", PORTFOLIO, "--json")

    assert ran.exit_code == 1
    assert [(row["line"], row["field"], row["reason"]) for row in ran.json["rows"]["refused"]] == [
        (3, "phone", "IS_INVALID"),
        (4, "name", "IS_MISSING"),
    ]
    assert [row.external_ref for chunk in taking.requests("RegisterCases") for row in chunk.rows] == ["R-1", "R-4"]
    (received,) = taking.requests("ReceiveBatch")
    assert (received.declared.count, received.declared.amount.minor_units) == (2, 1100)


def test_a_file_without_names_is_imported_as_ever(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(started, "R-1,loan,10.00", header="external_ref,product,principal")
    assert acuerdo("import", "batch", file, "--portfolio", PORTFOLIO).exit_code == 0
    assert taking.requests("RegisterPersons") == []


def test_a_person_is_shown_with_what_is_known_and_what_is_forbidden(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetPerson"] = people.GetPersonResponse(
        person=people.PersonInClear(
            person_id=PERSON,
            name="Marta Synthetic",
            is_synthetic=True,
            points=[
                people.PointInClear(
                    point_id=OTHER,
                    value="+12025550123",
                    state=persons.POINT_STATE_THIRD_PARTY,
                    reason_code="WRONG_PERSON",
                    source="CREDITOR_FILE",
                )
            ],
            ceases=[persons.Cease(channels=[contact_types.CHANNEL_CALL], medium="LETTER")],
            residences=[persons.Residence(country="ES", zones=["Europe/Madrid"], evidence="ADDRESS")],
            cases=[people.FoundCase(case_id=PORTFOLIO, external_ref="R-1", role="DEBTOR")],
        )
    )
    ran = acuerdo("person", "show", PERSON, "--purpose", "INBOUND_CALL")

    assert ran.exit_code == 0, ran.err
    for said in ("Marta Synthetic", "made up", "+12025550123", "third party", "wrong person", "to be left alone: call", "R-1", "ES ("):
        assert said in ran.out
    assert services.requests("GetPerson")[0].purpose == "INBOUND_CALL"
    assert all(len(line) <= 100 for line in ran.out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "by"),
    [
        (("--phone", "600 100 200", "--country", "ES"), "phone"),
        (("--email", "marta@example.org"), "email"),
        (("--national-id", "nif:12345678Z", "--country", "ES"), "national_id"),
        (("--case", PORTFOLIO), "case_id"),
    ],
)
def test_people_are_found_one_way_at_a_time(
    started: Path, services: FakeServices, acuerdo: Acuerdo, arguments: tuple[str, ...], by: str
) -> None:
    found = people.FoundPerson(person_id=PERSON, name="Marta", cases=[people.FoundCase(case_id=OTHER, external_ref="R-7", role="HEIR")])
    services.answers["FindPersons"] = people.FindPersonsResponse(persons=[found])
    ran = acuerdo("person", "find", *arguments)
    assert ran.exit_code == 0, ran.err
    assert services.requests("FindPersons")[0].WhichOneof("by") == by
    assert "R-7" in ran.out
    assert acuerdo("person", "find", *arguments, "--email", "a@example.org", "--phone", "1").exit_code == 2


def test_hours_are_said_as_people_say_them(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GiveConsent"] = people.GiveConsentResponse(consent_id=OTHER)
    services.answers["SetPreference"] = people.SetPreferenceResponse()
    said = ("--instrument", "SEPARATE_DOCUMENT", "--evidence", "doc-1", "--hours", "mon-fri=18:00-21:00", "--hours", "sat=10:00-14:00")
    assert acuerdo("person", "consent", PERSON, "hours", *said).exit_code == 0
    (consent,) = services.requests("GiveConsent")
    assert [(list(each.weekdays), each.from_minute, each.until_minute) for each in consent.windows] == [
        ([1, 2, 3, 4, 5], 1080, 1260),
        ([6], 600, 840),
    ]
    assert acuerdo("person", "prefer", PERSON, "--language", "es", "--channel", "email").exit_code == 0
    assert list(services.requests("SetPreference")[0].channel_order) == [contact_types.CHANNEL_EMAIL]
    assert acuerdo("person", "prefer", PERSON, "--hours", "someday=9-5").exit_code == 2


def test_merging_says_who_stays(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["MergePersons"] = people.MergePersonsResponse(receipt=Receipt(stream_id=PERSON), score=600)
    evidence = [persons.MatchEvidence(kind="PHONE", score=350)]
    services.answers["ListMatches"] = people.ListMatchesResponse(
        matches=[people.FoundMatch(person_id=OTHER, score=87, evidence=evidence, is_contradicted=True)]
    )
    assert "600 of 1000" in acuerdo("person", "merge", PERSON, OTHER, "REVIEWED").out
    shown = acuerdo("person", "matches", PERSON).out
    assert "phone; but different national ids" in shown


# Synthetic identities ----------------------------------------------------------------------------------------------------


def test_synthetic_identities_say_so_and_are_the_same_for_ever(tmp_path: Path) -> None:
    source, out = Path(__file__).resolve().parents[2] / "data" / "uci" / "remesa.csv", tmp_path / "remesa.csv"
    assert write(source, out) == 2_400
    header, *lines = [line.split(",") for line in out.read_text().splitlines()]
    rows = [dict(zip(header, line, strict=True)) for line in lines]

    assert set(header[4:]) <= set(IDENTITY)
    assert len({row["phone"] for row in rows}) == len({row["email"] for row in rows}) == len({row["national_id"] for row in rows}) == 2_400
    for row in rows:
        assert "Synthetic" in row["name"]
        assert row["email"].endswith("@example.org")
        assert row["phone"][5:10] == "55501"
        assert len(row["phone"]) == 12
        assert (row["national_id_country"], row["is_synthetic"]) == ("ZZ", "yes")
    assert rows[0]["name"] == "Delta Supuesto Synthetic UCI-00046"
    where: dict[str, Any] = {"country": "TW", "zone": "Asia/Taipei", "language": "es"}
    assert identity_of("UCI-00046", **where) == identity_of("UCI-00046", **where)
