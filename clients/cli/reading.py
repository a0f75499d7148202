"""Reads what a person writes on the command line: days, instants, files; and makes the ids of requests."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clients.cli.failures import usage


def day(text: str, option: str) -> Date:
    """`2005-05-31`. Failure naming the option."""
    try:
        read = date.fromisoformat(text)
    except ValueError:
        raise usage(f"{option} is not a day such as 2005-05-31: {text}") from None
    return Date(year=read.year, month=read.month, day=read.day)


def day_or_none(text: str | None, option: str) -> Date | None:
    return None if text is None else day(text, option)


def instant(text: str, option: str) -> Timestamp:
    """`2005-07-15T00:00:00Z`, or a day: its beginning; UTC where no zone is said. Failure naming the option."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise usage(f"{option} is not an instant such as 2005-07-15T00:00:00Z: {text}") from None
    wire = Timestamp()
    wire.FromDatetime(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
    return wire


def instant_or_none(text: str | None, option: str) -> Timestamp | None:
    return None if text is None else instant(text, option)


def member(enum: Any, said: str, option: str) -> Any:
    """`client-request` as HOLD_KIND_CLIENT_REQUEST. Failure naming the option and what there is."""
    prefix = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in enum.DESCRIPTOR.name).lstrip("_") + "_"
    names = {name.removeprefix(prefix).lower().replace("_", "-"): number for name, number in enum.items() if number}
    number = names.get(said.strip().lower().replace("_", "-"))
    if number is None:
        raise usage(f"{option} is none of {', '.join(names)}: {said}")
    return number


def content_of(file: Path) -> bytes:
    """Failure where the file cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise usage(f"{file} cannot be read: {(error.strerror or type(error).__name__).lower()}") from error


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def id_of(*parts: str | bytes) -> str:
    """A request id made from what is asked: asked again, it is the same request."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return f"cli-{digest.hexdigest()[:40]}"


def new_id() -> str:
    """A request id of its own: asked again, it is another request."""
    return f"cli-{secrets.token_hex(20)}"
