"""`acuerdo pack`: contact rules as data: checked against their own vectors, published once, put in force from an instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from acuerdo.contacts.v1 import permit_service_pb2 as permits
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.permit_blocks import checked_block, packs_block
from clients.cli.permit_words import PERMIT_WORDS
from clients.cli.reading import instant_or_none, new_id

app = App(name="pack", help="Policy packs (paquetes de reglas de contacto). FILE is YAML, schema contact-policy/1: docs/guide-policy.md.")

FAILS = 1


@app.command
async def check(file: Path, *, ask: Asking = ASKING) -> int:
    """Read a file and run its vectors. Nothing is stored; the exit code is 1 where a vector fails.

    Parameters
    ----------
    file
        YAML with one pack or several.
    """
    async with ask.doors() as doors:
        answer = await doors.permits.ValidatePacks(permits.ValidatePacksRequest(document=_read(file)))
    ask.answer(answer, checked_block(answer.packs, ask.words))
    return FAILS if any(pack.failing for pack in answer.packs) else 0


@app.command
async def publish(file: Path, *, ask: Asking = ASKING) -> None:
    """Store each pack of a file as a version that nobody can change. Not yet in force.

    Parameters
    ----------
    file
        YAML with one pack or several.
    """
    async with ask.doors() as doors:
        answer = await doors.permits.PublishPack(permits.PublishPackRequest(request_id=new_id(), document=_read(file)))
    ask.answer(answer, checked_block(answer.packs, ask.words), PERMIT_WORDS[ask.lang].published)


@app.command
async def activate(
    pack: str,
    version: str,
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    trial: bool = False,
    review: str = "",
    ask: Asking = ASKING,
) -> None:
    """From an instant on, this version decides; what was decided before stays decided.

    Parameters
    ----------
    pack
        Its id, e.g. es-house.
    version
        Its version.
    from_
        From when on; else now.
    trial
        Evaluated and recorded with each decision, without effect.
    review
        Who has looked at the law; needed for what its authors call a draft.
    """
    request = permits.ActivatePackRequest(request_id=new_id(), pack_id=pack, version=version, is_shadow=trial, review_ref=review)
    begins = instant_or_none(from_, "--from")
    if begins is not None:
        getattr(request, "from").CopyFrom(begins)  # `from` is a word of Python's
    async with ask.doors() as doors:
        answer = await doors.permits.ActivatePack(request)
    ask.answer(answer, PERMIT_WORDS[ask.lang].activated)


@app.command
async def deactivate(
    pack: str, reason: str, *, from_: Annotated[str | None, Parameter(name="--from")] = None, ask: Asking = ASKING
) -> None:
    """From an instant on, no version of it decides.

    Parameters
    ----------
    pack
        Its id.
    reason
        Code of the reason, e.g. REPEALED.
    from_
        From when on; else now.
    """
    request = permits.DeactivatePackRequest(request_id=new_id(), pack_id=pack, reason_code=reason)
    begins = instant_or_none(from_, "--from")
    if begins is not None:
        getattr(request, "from").CopyFrom(begins)
    async with ask.doors() as doors:
        answer = await doors.permits.DeactivatePack(request)
    ask.answer(answer, PERMIT_WORDS[ask.lang].deactivated)


@app.command
async def show(pack: str = "", version: str = "", *, at: str | None = None, ask: Asking = ASKING) -> None:
    """Which packs there are and which are in force; of one version, its rules as published.

    Parameters
    ----------
    pack
        Its id; else all of them.
    version
        Its version.
    at
        In force at that instant; else now.
    """
    if bool(pack) != bool(version):
        raise usage("Say both PACK and VERSION, or neither.")
    async with ask.doors() as doors:
        if pack:
            one = await doors.permits.GetPack(permits.GetPackRequest(pack_id=pack, version=version))
            ask.answer(one, one.content.decode())
            return
        listed = await doors.permits.ListPacks(permits.ListPacksRequest(at=instant_or_none(at, "--at")))
    ask.answer(listed, packs_block(listed, ask.words))


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise usage(f"There is no file {file}.")
    return file.read_bytes()
