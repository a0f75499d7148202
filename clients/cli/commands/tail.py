"""`acuerdo tail`: a topic as it is told, one line for each fact."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from acuerdo.common.v1.log_pb2 import Head
from cyclopts import App, Parameter
from google.protobuf.message import DecodeError, Message
from rich.console import Console
from rich.text import Text

from clients.audit.events import EVENT_MESSAGES
from clients.cli.asking import ASKING, Asking, as_json, console
from clients.cli.facts import in_one_line
from clients.cli.failures import usage
from clients.cli.frames import moment
from clients.cli.listening import Heard, listen

app = App(name="tail", help="A topic as it is told, one line for each fact.")


@app.default
async def tail(
    topic: str = "cases",
    *,
    from_start: Annotated[bool, Parameter(negative="")] = False,
    to_end: Annotated[bool, Parameter(negative="")] = False,
    limit: int | None = None,
    type: Annotated[Sequence[str], Parameter(negative="")] = (),
    stream: str | None = None,
    kafka: Annotated[str, Parameter(env_var="ACUERDO_KAFKA")] = "",
    ask: Asking = ASKING,
) -> None:
    """Print what is told on a topic, until Ctrl-C. What was heard before is not printed again; a gap is pointed out.

    Parameters
    ----------
    topic
        A service (cases, strategy) or the whole name of a topic, e.g. acuerdo.cases.v1.heads.
    from_start
        From the first record on, instead of from now.
    to_end
        Stop where the topic ends now.
    limit
        Stop after so many lines.
    type
        Only facts of this name, e.g. BucketChanged; may be said more than once.
    stream
        Only this stream (a UUID), e.g. one case.
    kafka
        HOST:PORT of Kafka; else what `acuerdo up` left behind.
    """
    name = f"acuerdo.{topic}.v1.events" if "." not in topic else topic
    service = _service(name)
    line = _Line(console(), ask, service)
    shown = 0
    async for heard in listen(kafka or ask.endpoints.bootstrap(), name, from_start=from_start, to_end=to_end):
        if _is_wanted(heard, type, stream):
            line.show(heard, is_head=name.endswith(".heads"))
            shown += 1
        if limit is not None and shown >= limit:
            return


def _service(topic: str) -> str:
    parts = topic.split(".")
    if len(parts) != 4 or parts[0] != "acuerdo" or parts[1] not in EVENT_MESSAGES or parts[3] not in ("events", "heads"):
        raise usage(f"{topic} is not a topic of ours: acuerdo.<{'|'.join(EVENT_MESSAGES)}>.v1.<events|heads>.")
    return parts[1]


def _is_wanted(heard: Heard, types: Sequence[str], stream: str | None) -> bool:
    short = heard.headers.get("ce_type", "").rpartition(".")[2]
    return (not types or short in types) and (stream is None or heard.headers.get("ce_subject") == stream.lower())


class _Line:
    """One record as one line: for a person, or as JSON."""

    def __init__(self, console: Console, ask: Asking, service: str) -> None:
        self._console, self._ask, self._service = console, ask, service

    def show(self, heard: Heard, *, is_head: bool) -> None:
        message, about = self._read(heard, is_head=is_head)
        if self._ask.json:
            said = {
                "partition": heard.partition,
                "offset": heard.offset,
                "key": heard.key,
                "headers": dict(heard.headers),
                "missing": heard.missing,
            }
            print(json_text.dumps(said | {"message": as_json(message)}, ensure_ascii=False), flush=True)
            return
        if heard.missing is not None:
            after, up_to = heard.missing
            gap = f"partition {heard.partition}: nothing was heard after position {after} up to {up_to}: ask Log.Replay for it"
            self._console.print(Text(gap, style="yellow"), soft_wrap=True)
        self._console.print(about, soft_wrap=True)

    def _read(self, heard: Heard, *, is_head: bool) -> tuple[Message | None, Text]:
        try:
            if is_head:
                head = Head.FromString(heard.value)
                said = f"partition {heard.key}: epoch {head.epoch}, position {head.position}, its own last {head.partition_position}"
                return head, Text(f"{self._ask.words.known} ≤ {moment(head.complete_through)}  {said}")
            event: Any = EVENT_MESSAGES[self._service].FromString(heard.value)
        except DecodeError:
            return None, Text(f"partition {heard.partition} offset {heard.offset}: not a record of ours", style="red")
        return event, self._fact(heard, event)

    def _fact(self, heard: Heard, event: Any) -> Text:
        """`happened  known  position  stream:version  fact  what it says`."""
        held = event.WhichOneof("event")
        name = heard.headers.get("ce_type", "").rpartition(".")[2] or held or "?"
        known_at = heard.headers.get("acuerdo-recorded-at", "")[:16].replace("T", " ")
        stream = str(UUID(bytes=event.meta.stream_id)) if len(event.meta.stream_id) == 16 else "?"
        line = Text(f"{moment(event.meta.occurred_at)}  {known_at:16}  {heard.headers.get('acuerdo-position', '?'):>8}  ", style="dim")
        line.append(f"…{stream[-12:]}:{event.meta.version} ", style="cyan")
        line.append(f"{self._ask.words.fact(name)} ", style="bold")
        line.append(in_one_line(getattr(event, held), self._ask.lang) if held else "(not known to these contracts)")
        return line
