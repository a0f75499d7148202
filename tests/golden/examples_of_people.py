"""One example of each fact of people and case files. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from services.contacts.domain import access, agreement, casefile, circumstances, identity, merging, points
from services.contacts.domain.access import PersonAccess
from services.contacts.domain.agreement import Cease, Consent, ConsentKind, Preference
from services.contacts.domain.casefile import CaseFile, ContactMade
from services.contacts.domain.channels import Channel, Purpose, TimeWindow
from services.contacts.domain.circumstances import Flag, PersonFlag, Residence
from services.contacts.domain.identity import Identifier
from services.contacts.domain.merging import MatchEvidence
from services.contacts.domain.person import Person
from services.contacts.domain.points import ContactPoint, LineType, PointKind, PointState
from services.contacts.domain.taken_over import TakenOver
from services.kernel.facts import Causation, Fact, Stream
from services.kernel.sealed import Sealed
from tests.golden.examples_of_cases import CASE, CLIENT, DEBT, DEBTOR, PORTFOLIO, at

OTHER = UUID("0195c001-0000-7000-8000-000000000101")
POINT = UUID("0195c001-0000-7000-8000-000000000102")
OTHER_POINT = UUID("0195c001-0000-7000-8000-000000000103")
NIF = UUID("0195c001-0000-7000-8000-000000000104")
REFERENCE = UUID("0195c001-0000-7000-8000-000000000105")
CONSENT = UUID("0195c001-0000-7000-8000-000000000106")
CEASE = UUID("0195c001-0000-7000-8000-000000000107")
MERGE = UUID("0195c001-0000-7000-8000-000000000108")
STRANGER = UUID("0195c001-0000-7000-8000-000000000109")
ACCESS_TO_PERSON = UUID("0195c001-0000-7000-8000-00000000010a")
FILE = UUID("0195c001-0000-7000-8000-00000000010b")
HOLD = UUID("0195c001-0000-7000-8000-00000000010c")
PERMIT = UUID("0195c001-0000-7000-8000-00000000010d")
INTERACTION = UUID("0195c001-0000-7000-8000-00000000010e")
WHEN = datetime(2026, 3, 2, 9, 15, 0, 250_000, tzinfo=UTC)
EVENING = TimeWindow(weekdays=(1, 5), from_minute=1_140, until_minute=1_260)


def sealed(subject_id: UUID, number: int) -> Sealed:
    return Sealed(subject_id, 1, bytes([number]) * 12, bytes([255 - number]) * 40)


def a_point(point_id: UUID, person_id: UUID, state: PointState = PointState.UNVERIFIED) -> ContactPoint:
    return ContactPoint(
        point_id=point_id,
        person_id=person_id,
        kind=PointKind.PHONE,
        value=sealed(person_id, 3),
        state=state,
        source="CREDITOR_FILE",
        line_type=LineType.MOBILE,
        country="ES",
        zones=("Atlantic/Canary", "Europe/Madrid"),
        is_workplace=True,
        added_at=WHEN,
        verified_at=WHEN if state is PointState.VERIFIED else None,
        reason_code="WRONG_PERSON" if state is PointState.THIRD_PARTY else "",
    )


def a_consent(person_id: UUID) -> Consent:
    return Consent(
        consent_id=CONSENT,
        person_id=person_id,
        kind=ConsentKind.HOURS,
        channels=(Channel.CALL, Channel.SMS),
        purposes=(Purpose.REMINDER,),
        point_ids=(POINT,),
        case_ids=(CASE,),
        windows=(EVENING,),
        instrument="SEPARATE_DOCUMENT",
        is_given_to_creditor=True,
        evidence_ref="document-7",
        given_at=WHEN,
        expires_at=datetime(2027, 3, 2, tzinfo=UTC),
    )


A_PREFERENCE = Preference(DEBTOR, (EVENING,), "es-ES", (Channel.EMAIL, Channel.CALL), "Europe/Madrid", "DEBTOR", WHEN)
A_CEASE = Cease(CEASE, DEBTOR, (Channel.CALL,), (CASE,), "LETTER", "letter-9", WHEN)
A_FLAG = Flag(PersonFlag.ATTORNEY, DEBTOR, (CASE,), "letter-10", WHEN)
A_RESIDENCE = Residence(DEBTOR, "ES", "CN", ("Atlantic/Canary",), "ADDRESS", WHEN)
A_NIF = Identifier(NIF, DEBTOR, "NIF", "ES", None, sealed(DEBTOR, 4), "CREDITOR_FILE")
A_REFERENCE = Identifier(REFERENCE, OTHER, "CREDITOR_REFERENCE", "", CLIENT, sealed(OTHER, 5), "CREDITOR_FILE")


def taken_over(person_id: UUID) -> TakenOver:
    """One of each, as of another person."""
    return TakenOver(
        person_ids=(person_id,),
        identifiers=(A_REFERENCE,),
        points=(a_point(OTHER_POINT, person_id, PointState.THIRD_PARTY),),
        consents=(),
        preferences=(Preference(person_id, (), "ca", (), "", "CREDITOR_FILE", WHEN),),
        ceases=(Cease(UUID(int=CEASE.int + 100), person_id, (), (), "CALL", "recording-3", WHEN, revoked_at=WHEN),),
        flags=(Flag(PersonFlag.VULNERABLE, person_id, (), "note-4", WHEN),),
        residences=(Residence(person_id, "ES", "", ("Europe/Madrid", "Atlantic/Canary"), "STATED", WHEN),),
    )


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield Person, [*_who(), *_reached(), *_agreed(), *_one_and_the_same()]
    yield Person, _merged_and_back()
    yield (
        PersonAccess,
        [
            access.PersonFileAccessed(
                **at(ACCESS_TO_PERSON, 1), person_id=DEBTOR, reader="agent-7", purpose="INBOUND_CALL", fields=("name", "by.phone")
            )
        ],
    )
    yield CaseFile, [*_case_noted(), *_holds_noted(), *_case_gone()]


def _who() -> list[Fact]:
    return [
        identity.PersonRegistered(
            **at(DEBTOR, 1), name=sealed(DEBTOR, 1), birth_date=sealed(DEBTOR, 2), source="CREDITOR_FILE", is_synthetic=True
        ),
        identity.IdentifierRecorded(**at(DEBTOR, 2), identifier=A_NIF),
        identity.IdentityCorrected(**at(DEBTOR, 3), name=sealed(DEBTOR, 6), birth_date=None, source="DOCUMENT", evidence_ref="scan-1"),
        circumstances.ResidenceRecorded(**at(DEBTOR, 4), residence=A_RESIDENCE),
        circumstances.PersonFlagged(**at(DEBTOR, 5), flag=A_FLAG),
        circumstances.PersonUnflagged(**at(DEBTOR, 6), flag=PersonFlag.ATTORNEY, reason_code="MANDATE_ENDED", evidence_ref="letter-11"),
    ]


def _reached() -> list[Fact]:
    why = {"reason_code": "WRONG_PERSON", "evidence_ref": "recording-1"}
    return [
        points.ContactPointAdded(**at(DEBTOR, 7), point=a_point(POINT, DEBTOR)),
        points.ContactPointVerified(**at(DEBTOR, 8), point_id=POINT, method="REPLY", evidence_ref="message-2"),
        points.ContactPointInvalidated(**at(DEBTOR, 9), point_id=POINT, reason_code="NOT_IN_SERVICE", evidence_ref="recording-2"),
        points.ContactPointReinstated(**at(DEBTOR, 10), point_id=POINT, reason_code="DEBTOR_ASKED", evidence_ref="recording-3"),
        points.ContactPointSuppressed(**at(DEBTOR, 11), point_id=POINT, reason_code="OPTED_OUT", evidence_ref="message-4"),
        points.ContactPointMarkedThirdParty(**at(DEBTOR, 12), point_id=POINT, **why),
    ]


def _agreed() -> list[Fact]:
    return [
        agreement.ConsentGiven(**at(DEBTOR, 13), consent=a_consent(DEBTOR)),
        agreement.ConsentWithdrawn(**at(DEBTOR, 14), consent_id=CONSENT, reason_code="DEBTOR_ASKED", evidence_ref="recording-5"),
        agreement.PreferenceSet(**at(DEBTOR, 15), preference=A_PREFERENCE),
        agreement.CeaseCommunicationReceived(**at(DEBTOR, 16), cease=A_CEASE),
        agreement.CeaseCommunicationRevoked(**at(DEBTOR, 17), cease_id=CEASE, reason_code="DEBTOR_ASKED", evidence_ref="recording-6"),
    ]


def _one_and_the_same() -> list[Fact]:
    return [
        merging.MatchDismissed(**at(DEBTOR, 18), other_person_id=STRANGER, reason_code="SIBLINGS"),
        merging.PersonsMerged(
            **at(DEBTOR, 19),
            merge_id=MERGE,
            merged_person_id=OTHER,
            score=600,
            evidence=(MatchEvidence("PHONE", 350), MatchEvidence("NAME", 250)),
            reason_code="REVIEWED",
            taken_over=taken_over(OTHER),
        ),
        merging.PersonsUnmerged(
            **at(DEBTOR, 20), merge_id=MERGE, unmerged_person_id=OTHER, reason_code="MISTAKEN", evidence_ref="note-5", person_ids=(OTHER,)
        ),
        identity.IdentifierRemoved(**at(DEBTOR, 21), identifier_id=NIF, reason_code="TYPED_WRONG"),
    ]


def _merged_and_back() -> list[Fact]:
    return [
        identity.PersonRegistered(**at(OTHER, 1), name=sealed(OTHER, 7), birth_date=None, source="DEBTOR", is_synthetic=True),
        merging.PersonMergedInto(**at(OTHER, 2), merge_id=MERGE, person_id=DEBTOR),
        merging.PersonUnmergedFrom(**at(OTHER, 3), merge_id=MERGE, person_id=DEBTOR, given_back=taken_over(OTHER)),
    ]


def _case_noted() -> list[Fact]:
    return [
        casefile.CaseNoted(
            **at(FILE, 1),
            case_id=CASE,
            client_id=CLIENT,
            portfolio_id=PORTFOLIO,
            external_ref="case-1",
            jurisdiction="ES",
            zone="Europe/Madrid",
            calendar="ES-MD",
            currency_code="EUR",
            origin=Causation(CASE, 1),
        ),
        casefile.PartyNoted(**at(FILE, 2), case_id=CASE, person_id=DEBTOR, role="DEBTOR", origin=Causation(CASE, 2)),
        casefile.PartyNoted(**at(FILE, 3), case_id=CASE, person_id=OTHER, role="GUARANTOR", origin=Causation(CASE, 3)),
        casefile.PartyGoneNoted(**at(FILE, 4), case_id=CASE, person_id=OTHER, origin=Causation(CASE, 4)),
        casefile.DebtNoted(**at(FILE, 5), debt_id=DEBT, external_ref="card-1", product="credit_card", origin=Causation(CASE, 5)),
        casefile.CaseTermsNoted(
            **at(FILE, 6),
            jurisdiction="ES-CN",
            zone="Atlantic/Canary",
            calendar="ES-CN",
            effective_from=date(2026, 4, 1),
            origin=Causation(CASE, 6),
        ),
    ]


def _holds_noted() -> list[Fact]:
    return [
        casefile.HoldNoted(
            **at(FILE, 7),
            hold_id=HOLD,
            kind="DISPUTE",
            from_=date(2026, 3, 2),
            through=date(2026, 5, 1),
            debt_id=DEBT,
            is_of_a_part=True,
            origin=Causation(CASE, 7),
            stops_contact=True,
        ),
        casefile.HoldHeeded(
            **at(FILE, 8),
            case_id=CASE,
            hold_id=HOLD,
            origin=Causation(CASE, 7),
            heeded_at=WHEN,
            permits_revoked=(PERMIT,),
            contacts_between=(ContactMade(INTERACTION, WHEN, Channel.EMAIL),),
        ),
        casefile.HoldEndNoted(**at(FILE, 9), hold_id=HOLD, on=date(2026, 4, 1), origin=Causation(CASE, 8)),
    ]


def _case_gone() -> list[Fact]:
    return [
        casefile.DebtGoneNoted(**at(FILE, 10), debt_id=DEBT, origin=Causation(CASE, 9)),
        casefile.CaseClosedNoted(**at(FILE, 11), outcome="PAID", origin=Causation(CASE, 10)),
        casefile.CaseReopenedNoted(**at(FILE, 12), origin=Causation(CASE, 11)),
    ]
