"""The persons in a creditor's file: registered at contacts before any case is; cases only ever see the ids that come back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from acuerdo.contacts.v1.people_pb2 import NationalId, NewPerson, NewPoint, PersonRow, RegisterPersonsRequest
from google.type.date_pb2 import Date

from clients.cli.connection import Doors
from clients.cli.importing import Came
from clients.cli.reading import new_id
from clients.cli.tables import BadRow, CellIsWrong, Cells, Columns, Table, read_lines

CHUNK_ROWS_MAX = 128
SOURCE = "CREDITOR_FILE"
YES, NO = ("1", "true", "yes", "si", "sí"), ("0", "false", "no")
IDENTITY = (
    *("name", "birth_date", "national_id", "national_id_kind", "national_id_country", "person_ref", "phone", "phone_2", "email"),
    *("address", "country", "subdivision", "zone", "language", "is_synthetic"),
)
"""Columns about the debtor. Whatever stands in them goes to contacts and nowhere else."""


def read_identities(file: Path, client_id: str, country: str) -> Table[PersonRow] | None:
    """The person of each row that names one; None where the file has no names. `country`: where numbers are dialled if a row says none."""
    columns = Columns(required=(), optional=("external_ref", *_ALL_OTHERS, *IDENTITY))
    rows: list[PersonRow] = []
    bad: list[BadRow] = []
    for cells in read_lines(file, columns):
        if isinstance(cells, BadRow):
            continue  # the case's own reading has reported the line already
        if "name" not in cells.by_name:
            return None
        if not any(cells.has(column) for column in IDENTITY):
            continue
        try:
            rows.append(PersonRow(line=cells.line, person=_person(client_id, country, cells)))
        except CellIsWrong as wrong:
            bad.append(BadRow(cells.line, wrong.field, wrong.reason, wrong.description))
    return Table(rows, bad)


async def register(doors: Doors, rows: Sequence[PersonRow], came: Came, step: Callable[[int], None]) -> dict[int, str]:
    """Person ids by line. Refused rows are told to `came`."""
    opening, known = new_id()[:24], dict[int, str]()

    async def chunks() -> AsyncIterator[RegisterPersonsRequest]:
        for first in range(0, len(rows), CHUNK_ROWS_MAX):
            yield RegisterPersonsRequest(request_id=f"{opening}-p{first}", rows=rows[first : first + CHUNK_ROWS_MAX])

    async for answer in doors.people.RegisterPersons(chunks()):
        known.update((outcome.line, outcome.person_id) for outcome in answer.outcomes if outcome.person_id)
        came.refuse(
            BadRow(outcome.line, _column(outcome.field), outcome.reason, outcome.description)
            for outcome in answer.outcomes
            if not outcome.person_id
        )
        step(len(answer.outcomes))
    return known


def _person(client_id: str, country: str, cells: Cells) -> NewPerson:
    dialled = cells.by_name.get("country", "") or country
    person = NewPerson(
        name=cells.text("name"),
        client_id=client_id,
        client_ref=cells.by_name.get("person_ref", "") or cells.text("external_ref"),
        points=_points(cells, dialled),
        source=SOURCE,
        residence_country=cells.by_name.get("country", ""),
        residence_subdivision=cells.by_name.get("subdivision", ""),
        zones=[cells.text("zone")] if cells.has("zone") else [],
        language=cells.by_name.get("language", ""),
        is_synthetic=_yes(cells, "is_synthetic"),
    )
    if cells.has("birth_date"):
        born = cells.day("birth_date")
        person.birth_date.CopyFrom(Date(year=born.year, month=born.month, day=born.day))
    if cells.has("national_id"):
        kind = cells.by_name.get("national_id_kind", "") or KIND_OF.get(dialled, "NATIONAL_ID")
        of = cells.by_name.get("national_id_country", "") or dialled
        person.national_id.CopyFrom(NationalId(kind=kind, country=of, value=cells.text("national_id")))
    return person


def _points(cells: Cells, dialled: str) -> list[NewPoint]:
    phones = [NewPoint(phone=cells.text(column), country=dialled) for column in ("phone", "phone_2") if cells.has(column)]
    emails = [NewPoint(email=cells.text("email"))] if cells.has("email") else []
    zones = [cells.text("zone")] if cells.has("zone") else []
    addresses = [NewPoint(postal=cells.text("address"), country=dialled, zones=zones)] if cells.has("address") else []
    return [*phones, *emails, *addresses]


def _yes(cells: Cells, column: str) -> bool:
    said = cells.by_name.get(column, "").lower()
    if said and said not in (*YES, *NO):
        raise CellIsWrong(column, "IS_NEITHER_YES_NOR_NO", "is neither yes nor no")
    return said in YES


def _column(field: str) -> str:
    """`person.points[0].phone` as the column it came from."""
    return field.rpartition(".")[2] if field.startswith("person.") else field


KIND_OF = {"ES": "NIF", "CO": "CC", "MX": "CURP", "US": "SSN"}
"""What a country's national id is called where the file does not say."""

_ALL_OTHERS = ("product", "principal", "interest", "fees", "costs", "currency", "value_date", "oldest_due_date", "debt_ref", "person_id")
