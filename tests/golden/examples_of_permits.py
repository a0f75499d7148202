"""One example of each fact of permits and packs. Add at the end of a stream; change nothing that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.contacts.domain import identity, packs, permits
from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.packs import HolidayDates, RulePacks
from services.contacts.domain.permit_book import AttemptResult, ContactCounted
from services.contacts.domain.person import Person
from services.contacts.domain.policy.decision import (
    Alternative,
    Asking,
    ContactDecision,
    Limit,
    Obligation,
    PackUsed,
    Reason,
    Seen,
    Shadow,
)
from services.contacts.domain.policy.terms import Basis, Effect, Verdict
from services.kernel.facts import Fact, Stream
from services.kernel.sealed import Sealed
from tests.golden.examples_of_cases import CASE, CLIENT, DEBT, at

PERSON = UUID("0195c001-0000-7000-8000-000000000201")
ANOTHER = UUID("0195c001-0000-7000-8000-000000000202")
POINT = UUID("0195c001-0000-7000-8000-000000000203")
REQUEST = UUID("0195c001-0000-7000-8000-000000000204")
HOLD = UUID("0195c001-0000-7000-8000-000000000205")
ATTEMPT = UUID("0195c001-0000-7000-8000-000000000206")
OUTSIDE = UUID("0195c001-0000-7000-8000-000000000207")
INBOUND = UUID("0195c001-0000-7000-8000-000000000208")
TAKEN = UUID("0195c001-0000-7000-8000-000000000209")
PACKS = UUID("0195c001-0000-7000-8000-00000000020a")
PERMITS = [UUID(f"0195c001-0000-7000-8000-00000000021{number}") for number in range(6)]
WHEN = datetime(2026, 3, 3, 11, 0, 0, 250_000, tzinfo=UTC)
LATER = WHEN + timedelta(hours=20)
PACK = "es-house-strict@2026.11.0"


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield Person, _person()
    yield RulePacks, _packs()


def _person() -> list[Fact]:
    told: list[Fact] = []

    def tell(fact: type[Fact], **said: Any) -> None:
        told.append(fact(**at(PERSON, len(told) + 1), **said))

    tell(
        identity.PersonRegistered,
        name=Sealed(PERSON, 1, b"n" * 12, b"c" * 40),
        birth_date=None,
        source="CREDITOR_FILE",
        is_synthetic=True,
    )
    for permit in PERMITS[:4]:
        tell(permits.ContactPermitGranted, **_asked(permit), expires_at=LATER, decision=_decision(Verdict.ALLOW), client_id=CLIENT)
    tell(permits.ContactPermitDeferred, **_asked(PERMITS[4]), until=LATER, decision=_decision(Verdict.DENY))
    tell(permits.ContactPermitDenied, **_asked(PERMITS[5]), next_allowed_at=LATER, decision=_decision(Verdict.DENY))
    tell(permits.ContactPermitConsumed, **_of(PERMITS[0]), attempt_id=ATTEMPT, reason_code="REPORTED")
    tell(
        permits.AttemptResultRecorded,
        attempt_id=ATTEMPT,
        permit_id=PERMITS[0],
        case_id=CASE,
        person_id=PERSON,
        result=_result(),
        channel=Channel.CALL,
        direction=Direction.OUT,
        is_recorded_apart=True,
    )
    tell(permits.ContactPermitReleased, **_of(PERMITS[1]), attempt_id=None, reason_code="NO_AGENT_FREE")
    tell(permits.ContactPermitRevoked, **_of(PERMITS[2]), reason_code="HOLD", hold_id=HOLD)
    tell(permits.ContactPermitExpired, **_of(PERMITS[3]), reason_code="NOT_USED_IN_TIME")
    tell(
        permits.AttemptOutsidePermitRecorded,
        attempt_id=OUTSIDE,
        case_id=CASE,
        person_id=PERSON,
        channel=Channel.CALL,
        direction=Direction.OUT,
        at=WHEN,
        reported_by="agency-7",
        result=_result(),
        point_id=POINT,
        client_id=CLIENT,
        campaign="march",
        permit_id=PERMITS[3],
        reason_code="PERMIT_EXPIRED",
    )
    tell(
        permits.ContactReceived,
        attempt_id=INBOUND,
        case_id=CASE,
        person_id=PERSON,
        channel=Channel.CALL,
        at=WHEN,
        reported_by="switchboard",
        result=_result(),
        point_id=POINT,
        client_id=CLIENT,
        is_recorded_apart=True,
    )
    tell(permits.ContactHistoryTakenOver, from_person_id=ANOTHER, contacts=(_counted(),))
    return told


def _asked(permit_id: UUID) -> dict[str, Any]:
    return {
        "permit_id": permit_id,
        "case_id": CASE,
        "person_id": PERSON,
        "channel": Channel.CALL,
        "purpose": Purpose.COLLECTION,
        "point_id": POINT,
        "request_ref": REQUEST,
    }


def _of(permit_id: UUID) -> dict[str, Any]:
    return {"permit_id": permit_id, "case_id": CASE, "person_id": PERSON, "request_ref": REQUEST}


def _result() -> AttemptResult:
    return AttemptResult(WHEN, LATER, True, True, True, (DEBT,), (DEBT,), ("TRANSFER_NOTICE_SENT",), "consumer")


def _counted() -> ContactCounted:
    return ContactCounted(
        TAKEN, ANOTHER, CASE, CLIENT, Channel.EMAIL, Direction.OUT, POINT, "march", INBOUND, is_breach=True, result=_result()
    )


def _reason(effect: Effect) -> Reason:
    seen = (Seen("counted", "1"), Seen("limit", "1"))
    return Reason("ES.HOUSE.FREQ", "COUNT_EXCEEDED", effect, Basis.HOUSE_POLICY, "house", PACK, seen, LATER, ("required_by_law",))


def _decision(verdict: Verdict) -> ContactDecision:
    return ContactDecision(
        verdict=verdict,
        evaluated_at=WHEN,
        person_version=7,
        case_version=3,
        packs_version=2,
        asking=Asking(
            "call",
            "COLLECTION",
            "consumer",
            (DEBT,),
            POINT,
            "march",
            "preview",
            "900",
            INBOUND,
            ("court_permission",),
            "required_by_law",
            "docket 12",
        ),
        packs=(PackUsed("es-house-strict", "2026.11.0", bytes(range(32)), "holidays==0.109 ES"),),
        tzdata="2026.6",
        zones=("Europe/Madrid",),
        evidence=("residence:address",),
        reasons=(_reason(Effect.PROHIBIT),) if verdict is Verdict.DENY else (),
        overridden=(_reason(Effect.PRESUME_VIOLATION),),
        warnings=(_reason(Effect.WARN),),
        obligations=(Obligation("USE_CALLER_ID", "900", "ES.TDF149.CLI", "Orden TDF/149/2025 art. 9", PACK),),
        limits=(Limit("ES.HOUSE.FREQ", PACK, 1, 3),),
        missing_facts=("location",),
        needs=("location",),
        next_allowed_at=LATER,
        alternatives=(Alternative("email", Verdict.ALLOW_WITH_OBLIGATIONS),),
        modes_allowed=("preview", "progressive"),
        shadows=(Shadow("es-house@2027.1", bytes(range(32)), Verdict.DENY, (_reason(Effect.PROHIBIT),)),),
    )


def _packs() -> list[Fact]:
    told: list[Fact] = []

    def tell(fact: type[Fact], **said: Any) -> None:
        told.append(fact(**at(PACKS, len(told) + 1), **said))

    tell(
        packs.RulePackPublished,
        pack="es-house",
        version="2026.11.0",
        digest=bytes(range(32)),
        content=b'{"pack":"es-house"}',
        holidays=(HolidayDates("ES", "CT", "holidays==0.109", 2015, 2038, (16_436, 16_441)),),
        status="draft",
        vectors_passed=14,
    )
    tell(
        packs.RulePackActivated,
        pack="es-house",
        version="2026.11.0",
        digest=bytes(range(32)),
        from_=WHEN,
        is_shadow=True,
        review_ref="opinion 12/2026",
    )
    tell(packs.RulePackDeactivated, pack="es-house", from_=LATER, reason_code="REPEALED")
    return told
