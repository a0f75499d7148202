"""The creditor's cobros file on its reader's machine: only columns that the mapping names are read, and only those are sent."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acuerdo.payments.v1 import payments_pb2 as pay
from google.type.date_pb2 import Date

from clients.cli.connection import Doors
from clients.cli.importing import Came
from clients.cli.reading import new_id
from clients.cli.tables import ROWS_MAX, TableIsUnreadable

CHUNK_ROWS_MAX = 256


@dataclass(frozen=True, slots=True)
class CobrosFile:
    """What is sent of a file. `ref` is the SHA-256 of its bytes: the same file is the same file."""

    ref: str
    columns: Sequence[str]
    rows: Sequence[pay.CobrosRow]


def read_cobros(file: Path, mapping: pay.GetCobrosMappingResponse) -> CobrosFile:
    """Raises TableIsUnreadable where the file as a whole is not what the mapping says; rows are judged by the service."""
    try:
        content = file.read_bytes()
        text = content.decode(mapping.encoding)
    except OSError as error:
        raise TableIsUnreadable(f"{file} cannot be read: {(error.strerror or type(error).__name__).lower()}") from error
    except UnicodeDecodeError as error:
        raise TableIsUnreadable(f"{file} is not {mapping.encoding} from byte {error.start} on") from error
    reader = csv.reader(text.splitlines(), delimiter=mapping.delimiter)
    header = [name.strip() for name in next(reader, [])]
    columns = sorted(mapping.columns.values())
    for column in columns:
        if header.count(column) != 1:
            raise TableIsUnreadable(f"{file} must have the column {column!r} once")
    places = [header.index(column) for column in columns]
    rows: list[pay.CobrosRow] = []
    for cells in reader:
        if len(rows) >= ROWS_MAX:
            raise TableIsUnreadable(f"{file} has more than {ROWS_MAX} rows")
        if any(cell.strip() for cell in cells):
            # A row that is too short is sent as it is: the service says what is wrong with it.
            sent = [cells[place] for place in places] if len(cells) == len(header) else []
            rows.append(pay.CobrosRow(line=reader.line_num, cells=sent))
    return CobrosFile(hashlib.sha256(content).hexdigest(), columns, rows)


async def send_cobros(
    doors: Doors, source_id: str, version: int, file: CobrosFile, through: Date | None, came: Came, step: Callable[[int], None]
) -> pay.CobrosSummary:
    """The rows in chunks, then the end of the file; what came of each row in `came`."""

    opening = new_id()[:24]

    def message(name: str, rows: Sequence[pay.CobrosRow] = (), end: pay.CobrosEnd | None = None) -> pay.ImportCobrosRequest:
        return pay.ImportCobrosRequest(
            request_id=f"{opening}-{name}",
            source_id=source_id,
            file_ref=file.ref,
            mapping_version=version,
            columns=file.columns,
            rows=rows,
            end=end,
        )

    async def chunks() -> AsyncIterator[pay.ImportCobrosRequest]:
        """Each under a request id of its own: rows are what is never taken twice, and a refused row may be tried again."""
        for first in range(0, len(file.rows), CHUNK_ROWS_MAX):
            yield message(str(first), rows=file.rows[first : first + CHUNK_ROWS_MAX])
        yield message("end", end=pay.CobrosEnd(rows=len(file.rows), complete_through=through))

    summary = pay.CobrosSummary()
    async for answer in doors.payments.ImportCobros(chunks()):
        came.hear(answer.outcomes, answer.position)
        step(len(answer.outcomes))
        if answer.HasField("summary"):
            summary = answer.summary
    return summary
