"""Asked: people's circumstances. Sealed before the case is asked; opened only for who may see them, after the reading is recorded."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

from acuerdo.cases.v1 import circumstances_pb2 as pb

from services.cases import application
from services.cases.api import wire
from services.cases.api.desk import Desk, roles_of
from services.cases.application import circumstances
from services.cases.domain.case import Case
from services.cases.domain.circumstances import CircumstanceKind, CircumstanceStatus, SpecialCircumstance, Visibility, may_see
from services.cases.domain.hardship import Hardship
from services.cases.domain.special import CircumstanceTerms
from services.cases.domain.vulnerability import Need, Vulnerability, VulnerabilityTerms
from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.chassis.seal.subjects import Subject
from services.kernel import ids
from services.kernel.sealed import Sealed


class Circumstances(Desk):
    async def FlagVulnerability(self, request: pb.FlagVulnerabilityRequest, context: Context) -> pb.FlagVulnerabilityResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        origin = self._asked_by(context, request)
        flag_id = ids.derived(origin.id, "vulnerability")
        hold_id = ids.derived(origin.id, "hold") if request.with_hold else None
        person_id = self._person(case, request.person_id)
        terms = VulnerabilityTerms(
            person_id=person_id,
            details=await self._seal(who, case, person_id, flag_id, _details(request)),
            needs=tuple(wire.member(Need, pb.Need, need) for need in request.needs),
            visibility=wire.member(Visibility, pb.Visibility, request.visibility),
            source=request.source,
            review_on=words.day(request.review_on, "review_on"),
        )
        stored = await self._log.run(origin, circumstances.flag_vulnerability(self._key_of(case), flag_id, hold_id, terms))
        return pb.FlagVulnerabilityResponse(receipt=words.receipt(stored), flag_id=str(flag_id), hold_id=str(hold_id or ""))

    async def ReviewVulnerability(self, request: pb.ReviewVulnerabilityRequest, context: Context) -> pb.ReviewVulnerabilityResponse:
        key = await self._key(words.caller(context), request.case_id)
        needs = [wire.member(Need, pb.Need, need) for need in request.needs]
        review_on = words.day(request.review_on, "review_on")
        change = circumstances.review_vulnerability(key, words.uuid(request.flag_id, "flag_id"), request.outcome_code, needs, review_on)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ReviewVulnerabilityResponse(receipt=words.receipt(stored))

    async def ClearVulnerability(self, request: pb.ClearVulnerabilityRequest, context: Context) -> pb.ClearVulnerabilityResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = circumstances.clear_vulnerability(key, words.uuid(request.flag_id, "flag_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ClearVulnerabilityResponse(receipt=words.receipt(stored))

    async def RecordSpecialCircumstance(
        self, request: pb.RecordSpecialCircumstanceRequest, context: Context
    ) -> pb.RecordSpecialCircumstanceResponse:
        case = await self._case(words.caller(context), request.case_id)
        origin = self._asked_by(context, request)
        known = words.uuid_or_none(request.circumstance_id, "circumstance_id")
        circumstance_id = known or ids.derived(origin.id, "circumstance")
        hold_id = ids.derived(origin.id, "hold") if request.with_hold else None
        terms = CircumstanceTerms(
            person_id=self._person(case, request.person_id),
            kind=wire.member(CircumstanceKind, pb.CircumstanceKind, request.kind),
            status=wire.member(CircumstanceStatus, pb.CircumstanceStatus, request.status),
            source=request.source,
            visibility=wire.member(Visibility, pb.Visibility, request.visibility),
            evidence_refs=tuple(request.evidence_refs),
            review_on=words.day_or_none(request, "review_on"),
        )
        change = circumstances.record_circumstance(self._key_of(case), circumstance_id, hold_id, terms, is_known=known is not None)
        stored = await self._log.run(origin, change)
        return pb.RecordSpecialCircumstanceResponse(
            receipt=words.receipt(stored), circumstance_id=str(circumstance_id), hold_id=str(hold_id or "")
        )

    async def EndSpecialCircumstance(
        self, request: pb.EndSpecialCircumstanceRequest, context: Context
    ) -> pb.EndSpecialCircumstanceResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = circumstances.end_circumstance(key, words.uuid(request.circumstance_id, "circumstance_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.EndSpecialCircumstanceResponse(receipt=words.receipt(stored))

    async def ListCircumstances(self, request: pb.ListCircumstancesRequest, context: Context) -> pb.ListCircumstancesResponse:
        """The reading is recorded with what is opened in it, before anything is."""
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        held, all_of = case.circumstances, request.with_history
        flags = [each for each in held.vulnerabilities.values() if all_of or not each.is_cleared]
        hardships = [each for each in held.hardships.values() if all_of or each.is_open]
        special = [each for each in held.special.values() if all_of or each.goes_on]
        shown: list[Vulnerability | Hardship | SpecialCircumstance] = [*flags, *hardships, *special]
        read = [sealed_field(each.id) for each in shown if may_see(_visibility(each), roles_of(who))]
        reading = application.record_access(case.id, who.subject, request.purpose, sorted(read))
        await self._log.run(self._asked_by(context, request), reading)
        return pb.ListCircumstancesResponse(
            vulnerabilities=await asyncio.gather(*(self._vulnerability(who, case, each) for each in flags)),
            hardships=await asyncio.gather(*(self._hardship(who, case, each) for each in hardships)),
            special=[_special(who, case, each) for each in special],
        )

    async def _seal(self, who: Principal, case: Case, person_id: UUID, circumstance_id: UUID, text: str) -> Sealed:
        return await self._seals.seal(Subject(who.tenant_id, person_id), case.id, sealed_field(circumstance_id), text)

    async def _open(self, who: Principal, case: Case, circumstance_id: UUID, sealed: Sealed) -> str | None:
        return await self._seals.open(who.tenant_id, case.id, sealed_field(circumstance_id), sealed)

    async def _vulnerability(self, who: Principal, case: Case, of: Vulnerability) -> pb.Vulnerability:
        found = pb.Vulnerability(
            flag_id=str(of.id),
            person_id=str(of.person_id),
            needs=[wire.wire_value(need, pb.Need) for need in of.needs],
            review_on=words.wire_date(of.review_on),
            is_review_due=of.is_review_due,
            is_cleared=of.is_cleared,
            hold_id=_hold_of(case, of.id),
        )
        if not may_see(of.visibility, roles_of(who)):
            found.is_withheld = True
            return found
        found.source = of.source
        opened = await self._open(who, case, of.id, of.details)
        if opened is None:
            found.is_erased = True
            return found
        details = json.loads(opened)
        found.MergeFrom(pb.Vulnerability(category=details["category"], severity=details["severity"], details=details["details"]))
        return found

    async def _hardship(self, who: Principal, case: Case, of: Hardship) -> pb.Hardship:
        is_seen = may_see(_visibility(of), roles_of(who))
        opened = await self._open(who, case, of.id, of.declaration) if is_seen else ""
        return pb.Hardship(
            hardship_id=str(of.id),
            person_id=str(of.person_id),
            state=wire.wire_value(of.state, pb.Hardship.State),
            declaration=opened or "",
            measures=[wire.wire_value(measure, pb.HardshipMeasure) for measure in of.measures],
            review_on=words.wire_date(of.review_on) if of.review_on else None,
            is_review_due=of.is_review_due,
            is_withheld=not is_seen,
            is_erased=opened is None,
            hold_id=_hold_of(case, of.id),
        )


def sealed_field(circumstance_id: UUID) -> str:
    """Where it belongs: it cannot be moved to another circumstance."""
    return f"circumstances.{circumstance_id}"


def _details(request: pb.FlagVulnerabilityRequest) -> str:
    """What is sealed of a vulnerability: all that says why."""
    said = {
        "category": pb.VulnerabilityCategory.Name(request.category),
        "severity": pb.Severity.Name(request.severity),
        "details": request.details,
    }
    return json.dumps(said, ensure_ascii=False)


def _visibility(of: Vulnerability | Hardship | SpecialCircumstance) -> Visibility:
    """What a person declares of their hardship is not for whoever works the case: that it is declared is."""
    return Visibility.RESTRICTED if isinstance(of, Hardship) else of.visibility


def _hold_of(case: Case, circumstance_id: UUID) -> str:
    """The hold that rests on it, the newest where there were several; empty: none."""
    return next((str(hold.id) for hold in reversed(case.holds.by_id.values()) if hold.ground_id == circumstance_id), "")


def _special(who: Principal, case: Case, of: SpecialCircumstance) -> pb.SpecialCircumstance:
    found = pb.SpecialCircumstance(
        circumstance_id=str(of.id),
        person_id=str(of.person_id),
        status=wire.wire_value(of.status, pb.CircumstanceStatus),
        review_on=words.wire_date(of.review_on) if of.review_on else None,
        is_review_due=of.is_review_due,
        is_ended=of.is_ended,
        hold_id=_hold_of(case, of.id),
    )
    if may_see(of.visibility, roles_of(who)):
        found.kind, found.source = wire.wire_value(of.kind, pb.CircumstanceKind), of.source
    else:
        found.is_withheld = True
    return found
