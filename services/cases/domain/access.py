"""Access: who read personal data of a case, and what for. A stream of its own beside each case, so that reading does not move the case."""

from __future__ import annotations

from uuid import UUID

from services.cases.domain.case import Case
from services.kernel import ids
from services.kernel.facts import Fact, Stream

# What happened ---------------------------------------------------------------


class CaseFileAccessed(Fact):
    case_id: UUID
    reader: str
    purpose: str
    fields: tuple[str, ...]

    def apply(self, access: AccessLog) -> None:
        access.case_id = self.case_id
        access.readings += 1


# Where it stands -------------------------------------------------------------


class AccessLog(Stream):
    def __init__(self) -> None:
        self.case_id = UUID(int=0)
        self.readings = 0


def stream_of(case_id: UUID) -> UUID:
    """The access stream of a case."""
    return ids.derived("access", case_id)


# What may be decided ---------------------------------------------------------


def record_access(access: AccessLog, case: Case, reader: str, purpose: str, fields: tuple[str, ...]) -> None:
    """Before the answer goes out. Whether a reading is told once is a matter of its request id: each reading is one."""
    case.must_exist()
    access.tell(CaseFileAccessed(**access.next(), case_id=case.id, reader=reader, purpose=purpose, fields=fields))
