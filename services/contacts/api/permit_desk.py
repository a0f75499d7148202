"""The desk that every part of Permits works at: who asks, whom it is about, and what was told."""

from __future__ import annotations

from functools import partial
from typing import Any, cast
from uuid import UUID

from services.chassis.clock import Clock
from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.log.units import Record
from services.chassis.rpc import words
from services.chassis.rpc.words import AskedBy
from services.contacts.application import people
from services.contacts.domain import casefile, packs
from services.contacts.domain.casefile import CaseFile, CaseIsNotHeardYet
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.permit_uses import PermitIsUnknown
from services.contacts.domain.permits import ContactPermitDeferred, ContactPermitDenied, ContactPermitGranted
from services.contacts.domain.person import Person, PersonIsUnknown

Told = ContactPermitGranted | ContactPermitDeferred | ContactPermitDenied


class PermitDesk:
    def __init__(self, log: Log, clock: Clock, asked_by: AskedBy) -> None:
        self._log, self._clock, self._asked_by = log, clock, asked_by

    async def _living(self, who: Principal, person_id: str, field: str = "person_id") -> Person:
        """The person that this one is by now, with all its contacts."""
        return await people.living(partial(_looked_at, self._log, who.tenant_id), words.uuid(person_id, field))

    async def _file(self, who: Principal, case_id: UUID) -> CaseFile:
        """The case, if the caller may see it."""
        file = await self._log.recall(CaseFile, casefile.stream_of(case_id), who.tenant_id)
        file.must_be_known()
        if not who.may_see_client(file.client_id):
            raise CaseIsNotHeardYet
        return file

    async def _packs(self, who: Principal) -> RulePacks:
        return await self._log.load(RulePacks, packs.stream_of(who.tenant_id), who.tenant_id)

    async def _permitted(self, who: Principal, person_id: str, permit_id: str) -> tuple[Person, UUID]:
        """The person whose history holds the permit: also one that has been merged since."""
        sought, person = words.uuid(permit_id, "permit_id"), await self._log.load(Person, words.uuid(person_id, "person_id"), who.tenant_id)
        if person.exists and sought not in person.permits.answers:
            person = await self._living(who, person_id)
        if not person.exists:
            raise PersonIsUnknown
        if sought not in person.permits.answers:
            raise PermitIsUnknown(permit_id=sought)
        return person, sought

    async def _told(self, who: Principal, person: Person, permit_id: UUID) -> tuple[Told, list[Record], int]:
        """The answer as it was told, the records of the person, and the place of the answer among them."""
        version = person.permits.answers[permit_id].version
        records = await self._log.read_stream(person.id, who.tenant_id)
        told = self._log.service.mapper.decode(records[version - 1].event)
        return cast("Told", told), records, version - 1


async def _looked_at(log: Log, tenant_id: str, stream: type[Any], stream_id: UUID) -> Any:
    found: Any = await log.load(stream, stream_id, tenant_id)
    return found
