"""Asked: what contacts has heard of a case."""

from __future__ import annotations

from typing import Any

from acuerdo.contacts.v1 import people_pb2 as pb

from services.chassis.rpc import Context, words
from services.contacts.api.people_desk import PeopleDesk
from services.contacts.application import people
from services.contacts.domain import casefile
from services.contacts.domain.casefile import CaseFile, CaseIsNotHeardYet, HoldKnown
from services.contacts.domain.person import PersonIsUnknown


class Files(PeopleDesk):
    async def GetCaseFile(self, request: pb.GetCaseFileRequest, context: Context) -> pb.GetCaseFileResponse:
        who, now = words.caller(context), self._clock.now()
        file = await self._log.load(CaseFile, casefile.stream_of(words.uuid(request.case_id, "case_id")), who.tenant_id)
        file.must_be_known()
        if not who.may_see_client(file.client_id):
            raise CaseIsNotHeardYet
        terms = file.terms_at(now)
        return pb.GetCaseFileResponse(
            case_id=str(file.case_id),
            client_id=str(file.client_id),
            portfolio_id=str(file.portfolio_id),
            external_ref=file.external_ref,
            jurisdiction=terms.jurisdiction,
            zone=terms.zone,
            calendar=terms.calendar,
            parties=[await self._party(who.tenant_id, person_id, role) for person_id, role in file.parties.items()],
            debt_ids=[str(debt_id) for debt_id in file.debts],
            holds=[_hold(hold, is_heeded=hold.hold_id in file.heeded) for hold in file.holds.values()],
            is_closed=file.is_closed,
            is_stopped=bool(file.stopped_at(now)),
            etag=str(file.version),
        )

    async def _party(self, tenant_id: str, person_id: Any, role: str) -> pb.FileParty:
        """A case may name somebody who was never registered here: it is shown as it was heard."""
        try:
            living = (await people.living(self._look(tenant_id), person_id)).id
        except PersonIsUnknown:
            living = person_id
        return pb.FileParty(person_id=str(person_id), living_person_id=str(living), role=role)


def _hold(hold: HoldKnown, *, is_heeded: bool) -> pb.FileHold:
    # `from` is a word of Python's: it can only be handed over so.
    ends: dict[str, Any] = {"from": words.wire_date(hold.from_)}
    return pb.FileHold(
        hold_id=str(hold.hold_id),
        kind=hold.kind,
        through=words.wire_date(hold.through) if hold.through else None,
        ended_on=words.wire_date(hold.ended_on) if hold.ended_on else None,
        debt_id=str(hold.debt_id) if hold.debt_id else "",
        is_of_a_part=hold.is_of_a_part,
        is_heeded=is_heeded,
        **ends,
    )
