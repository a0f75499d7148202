"""Asked: the creditor's file of payments it received. Rows are read by the source's mapping; the watermark comes after the last of them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from datetime import date

from acuerdo.payments.v1 import payments_pb2 as pb

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.chassis.rpc.validation import violations_of
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, Refusal
from services.payments.adapters import cobros_mapping
from services.payments.adapters.cobros_mapping import Reading, RowIsMalformed
from services.payments.api.rows import Came, RowIsRefused, Rows, outcome, repeated_lines
from services.payments.api.taking import Taken
from services.payments.application import sources
from services.payments.domain.payment import PaymentTerms
from services.payments.domain.source import FileFound, FileHasRejectedRows, PaymentSource, WatermarkWouldGoBack


class SourceHasNoClient(Refusal):
    """The source says no creditor by whose references a file could name cases."""


@dataclass(slots=True)
class File:
    """What was read of one file so far."""

    source: PaymentSource
    file_ref: str
    mapping_version: int
    reading: Reading
    rows: int = 0
    taken: int = 0
    repeated: int = 0
    rejected: int = 0
    lines: set[int] = field(default_factory=set)
    sums: dict[str, int] = field(default_factory=dict)

    def count(self, read: PaymentTerms | Refusal, came: Came) -> None:
        self.rows += 1
        if not isinstance(came, Taken) or isinstance(read, Refusal):
            self.rejected += 1
            return
        self.taken += 1
        self.repeated += came.is_repeated
        currency_code = read.amount.currency_code
        self.sums[currency_code] = self.sums.get(currency_code, 0) + read.amount.minor_units

    @property
    def found(self) -> FileFound:
        amounts = tuple(Money(currency_code, self.sums[currency_code]) for currency_code in sorted(self.sums))
        return FileFound(self.file_ref, self.mapping_version, self.rows, self.repeated, self.rejected, amounts)


class Cobros(Rows):
    async def ImportCobros(
        self, requests: AsyncIterable[pb.ImportCobrosRequest], context: Context
    ) -> AsyncIterator[pb.ImportCobrosResponse]:
        file: File | None = None
        who = words.caller(context)
        async for chunk in requests:
            file = await self._opened(who, chunk) if file is None else _same_file(file, chunk)
            repeated = repeated_lines(chunk.rows)
            read = [_read(file, row, row.line in repeated) for row in chunk.rows]
            came = await self._take_rows(who, context, chunk, [row.line for row in chunk.rows], read)
            for terms, each in zip(read, came, strict=True):
                file.count(terms, each)
            yield pb.ImportCobrosResponse(
                request_id=chunk.request_id,
                outcomes=[outcome(row.line, each) for row, each in zip(chunk.rows, came, strict=True)],
                position=max((each.position for each in came if isinstance(each, Taken)), default=0),
                summary=await self._ended(who, context, chunk, file) if chunk.HasField("end") else None,
            )
            if chunk.HasField("end"):
                return

    async def _opened(self, who: Principal, chunk: pb.ImportCobrosRequest) -> File:
        source = await self._source(who, chunk.source_id)
        if source.client_id is None:
            raise SourceHasNoClient(source_id=source.id)
        mapping = cobros_mapping.read(source.mapping(chunk.mapping_version))
        version = chunk.mapping_version or len(source.mappings)
        return File(source, chunk.file_ref, version, cobros_mapping.reading(mapping, list(chunk.columns)))

    async def _ended(self, who: Principal, context: Context, chunk: pb.ImportCobrosRequest, file: File) -> pb.CobrosSummary:
        """Every row is stored by now: the file is a fact, and the watermark where it can be told."""
        if chunk.end.rows != file.rows:
            raise IsInvalid("end.rows", f"{file.rows} rows have come")
        through = words.day_or_none(chunk.end, "complete_through")
        why_not = _why_not_complete(await self._source(who, chunk.source_id), file, through)
        change = sources.record_file(file.source.id, file.found, None if why_not else through)
        await self._log.run(self._asked_by(context, chunk, part="end"), change)
        source = await self._source(who, chunk.source_id)
        return pb.CobrosSummary(
            rows=file.rows,
            taken=file.taken,
            repeated=file.repeated,
            rejected=file.rejected,
            complete_through=words.wire_date(source.complete_through) if source.complete_through else None,
            not_completed_because=why_not,
        )


def _same_file(file: File, chunk: pb.ImportCobrosRequest) -> File:
    if (chunk.source_id, chunk.file_ref, tuple(chunk.columns)) != (str(file.source.id), file.file_ref, tuple(file.reading.columns)):
        raise IsInvalid("file_ref", "must be the same file, of the same source, with the same columns, in each message")
    return file


def _read(file: File, row: pb.CobrosRow, is_repeated: bool) -> PaymentTerms | Refusal:
    if is_repeated or row.line in file.lines:
        return RowIsRefused("line", "line_is_repeated", "the file brings this line more than once")
    file.lines.add(row.line)
    for broken in violations_of(row):
        return RowIsRefused(broken.field, broken.rule, broken.description)
    try:
        read = file.reading.row(list(row.cells))
    except RowIsMalformed as malformed:
        return RowIsRefused(malformed.field, malformed.rule, malformed.sentence)
    return PaymentTerms(
        source_id=file.source.id,
        provider_ref=read.provider_ref,
        amount=read.amount,
        value_date=read.value_date,
        client_id=file.source.client_id,
        external_ref=read.case_ref,
        file_ref=file.file_ref,
        line=row.line,
    )


def _why_not_complete(source: PaymentSource, file: File, through: date | None) -> str:
    if through is None:
        return ""
    if file.rejected:
        return FileHasRejectedRows.reason
    if source.complete_through is not None and through < source.complete_through:
        return WatermarkWouldGoBack.reason
    return ""
