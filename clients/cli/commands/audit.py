"""`acuerdo audit`: histories that were taken away (`acuerdo case export`), verified offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from clients.audit.checking import check
from clients.audit.flipping import flip as flip_byte
from clients.audit.history_file import HistoryIsUnreadable
from clients.cli.asking import ASKING, console
from clients.cli.failures import INVALID, Failure, usage
from clients.cli.words import Lang

app = App(name="audit", help="Histories that were taken away, verified offline.")


@app.command
def verify(
    file: Path,
    *,
    head: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
    lang: Annotated[Lang, Parameter(env_var="ACUERDO_LANG")] = ASKING.lang,
) -> int:
    """Verify an exported history. Exit code 0: intact, 1: broken, 2: not a history that can be read.

    Parameters
    ----------
    file
        What `acuerdo case export` wrote.
    head
        SHA-256 of an event of this stream, known from elsewhere: shows that nothing was cut off or rewritten up to it.
    json
        Print JSON for a program instead of text for a person.
    lang
        Language of the output.
    """
    try:
        return check(file, head, as_program=json, lang=lang)
    except HistoryIsUnreadable as unreadable:
        raise Failure(INVALID, f"{str(unreadable).rstrip('.')}.", "HISTORY_IS_UNREADABLE") from None
    except ValueError as wrong:
        raise usage(f"--head {wrong}.") from None


@app.command
def flip(file: Path, copy: Path, *, event: int | None = None, byte: int | None = None) -> None:
    """Write a copy of a history with one byte of one event changed, to see the verifier name it. The history itself stays as it is.

    Parameters
    ----------
    file
        What `acuerdo case export` wrote.
    copy
        Where the changed copy goes.
    event
        Which event, from 1; else the middle one.
    byte
        Which byte of it, from 1; else the middle one.
    """
    try:
        number, place = flip_byte(file, copy, event, byte)
    except HistoryIsUnreadable as unreadable:
        raise Failure(INVALID, f"{str(unreadable).rstrip('.')}.", "HISTORY_IS_UNREADABLE") from None
    except ValueError as wrong:
        raise usage(f"{wrong}.") from None
    except OSError as failed:
        raise usage(f"{copy} cannot be written: {(failed.strerror or type(failed).__name__).lower()}.") from None
    console().print(f"{copy}: byte {place} of event {number} is changed. Now: acuerdo audit verify {copy}", soft_wrap=True)
