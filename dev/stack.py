"""`acuerdo up`: the whole stack on this machine, a real portfolio played through it, and what a person should see of it."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from acuerdo.cases.v1 import service_pb2 as cases
from google.type.date_pb2 import Date
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clients.cli.blocks import case_table, portfolio_block, proof_block
from clients.cli.connection import Doors
from clients.cli.stepping import settle
from clients.cli.words import WORDS, Lang, Words
from dev.figures import figures_block
from dev.law import law, law_block
from dev.listening import ServerFailed
from dev.play import Played, World, play
from dev.processes import Stack
from dev.proof import prove, replay_equals_live
from dev.says import SAYS, Says
from dev.scenes import SCENES, on_stage

SAMPLE = Path(__file__).resolve().parent.parent / "data"
WIDTH_MAX = 118
PAGE_ROWS_MAX = 200
STORY_ROWS = 40
"""Of the chosen case, the last ones: its last weeks."""


def up(*, lang: Lang = "en", kafka: str | None = None, postgres: str | None = None, data: Path = Path(".run/acuerdo")) -> int:
    """Start, play once, show, stay until Ctrl-C, stop. Exit code 0, or 1 when something could not be started or proven."""
    console = Console(width=min(Console().width, WIDTH_MAX) if sys.stdout.isatty() else WIDTH_MAX)
    says, words = SAYS[lang], WORDS[lang]
    stack = Stack(data, kafka, postgres)
    # Ctrl-C and a supervisor's SIGTERM end it alike: in order. Said for both: a shell's background job begins with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    code = 0
    try:
        with console.status("") as status:
            stack.start(lambda what: status.update(says.starting.format(what=what)))
        held = asyncio.run(_show(stack, data, console, says, words))
        code = 0 if held else 1
        console.print(f"\n[bold]{says.stays}[/]")
        signal.pause()
    except KeyboardInterrupt:
        pass
    except ServerFailed as failed:
        console.print(f"[red]{failed}[/]", markup=True, highlight=False)
        code = 1
    finally:
        with suppress(KeyboardInterrupt):
            stack.stop()
    console.print(f"\n{says.stopped} {says.data_stays.format(home=data)}")
    return code


async def _show(stack: Stack, home: Path, console: Console, says: Says, words: Words) -> bool:
    """Play where nothing was played yet, then the three blocks; whether everything could be proven."""
    async with stack.doors() as doors:
        kept = home / "played.json"
        played = Played.kept(kept)
        if played is not None:
            console.print(says.already_played)
            await settle(doors)
            seconds = None
        else:
            began = time.monotonic()
            played = await _play(doors, stack, home, console, says)
            seconds = time.monotonic() - began
            played.keep(kept)
        await _portfolio(doors, played, console, says, words)
        console.print()
        console.print(await figures_block(doors, played.portfolio_id, played.months, words.lang))
        console.print()
        console.rule(f"[bold]{says.law}[/]", style="dim")
        console.print(law_block(await law(doors), words.lang))
        holds = await _proof(doors, stack, played, console, says, words, seconds)
        await _one_case(doors, played, console, says, words)
        _addresses(stack, console, says)
        return holds


async def _play(doors: Doors, stack: Stack, home: Path, console: Console, says: Says) -> Played:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=says.playing.format(what=what), completed=done, total=total)

        async with stack.doors("compliance") as second_eyes:
            return await play(doors, World(SAMPLE, home, stack.sink.home / "mail", stack.provider.url, second_eyes), show)


async def _portfolio(doors: Doors, played: Played, console: Console, says: Says, words: Words) -> None:
    before, last = played.months[-2:]
    report = await doors.cases.GetAgingReport(
        cases.GetAgingReportRequest(portfolio_id=played.portfolio_id, as_of=_wire(last), since=_wire(before), basis=cases.BASIS_RESTATED)
    )
    console.print()
    console.print(portfolio_block(report, says.portfolio.format(name="Credit cards 2005 (UCI, TWD)", as_of=last, since=before), words))


async def _proof(doors: Doors, stack: Stack, played: Played, console: Console, says: Says, words: Words, seconds: float | None) -> bool:
    proofs = await prove(doors, stack.kafka)
    ids = await _case_ids(doors, played.portfolio_id)
    different = await replay_equals_live(doors, ids)
    console.print()
    console.rule(f"[bold]{says.proof}[/]", style="dim")
    console.print(proof_block(proofs, words))
    if seconds is not None:
        stored = sum(proof.stored for proof in proofs)
        console.print(says.rates.format(units=stored, seconds=f"{seconds:.0f}", rate=f"{stored / seconds:.0f}"))
    if different:
        console.print(f"[red]{says.replay_differs.format(count=len(different), which=', '.join(different[:5]))}[/]")
    else:
        console.print(f"[green]{says.replay_is_live.format(cases=len(ids))}[/]")
    return not different and all(proof.holds for proof in proofs)


async def _case_ids(doors: Doors, portfolio_id: str) -> list[str]:
    ids: list[str] = []
    token = ""
    while True:
        page = await doors.cases.ListCases(cases.ListCasesRequest(portfolio_id=portfolio_id, page_size=PAGE_ROWS_MAX, page_token=token))
        ids += [case.case_id for case in page.cases]
        token = page.next_page_token
        if not token:
            return ids


async def _one_case(doors: Doors, played: Played, console: Console, says: Says, words: Words) -> None:
    chosen = played.chosen
    timeline = await doors.cases.GetTimeline(cases.GetTimelineRequest(case_id=chosen.case_id, page_size=PAGE_ROWS_MAX))
    console.print()
    console.rule(f"[bold]{says.one_case.format(ref=chosen.ref)}[/]", style="dim")
    console.print(case_table(timeline.rows[-STORY_ROWS:], words))
    stage = await on_stage(doors, played.portfolio_id, played.months, SAMPLE)
    ref = stage.ref
    for scene in SCENES:
        console.print()
        console.rule(f"[bold]{scene.title(says).format(ref=ref, day=stage.corrected_day)}[/]", style="dim")
        console.print(await scene.show(stage, words))
    known_at = f"{date.fromisoformat(played.months[2]) + timedelta(days=15)}T00:00:00Z"
    console.print(f"\n[bold]{says.paste}[/]")
    acuerdo = ".venv/bin/acuerdo"
    for comment, command in (
        (says.known_before_return, f"{acuerdo} case timeline {chosen.ref} --as-known-at {chosen.before_the_return}"),
        (says.why_denied, f"{acuerdo} permit explain {chosen.person_id} {chosen.denied_permit}"),
        (says.known_then.format(known_at=known_at), f"{acuerdo} case timeline {ref} --as-known-at {known_at}"),
        (says.why_bucket, f"{acuerdo} explain bucket {ref}"),
        (says.why_balance, f"{acuerdo} explain balance {ref}"),
        (says.what_stops, f"{acuerdo} holds effect {ref} --as-of {played.months[-1]}"),
        (
            says.flipped,
            f"{acuerdo} case export {ref} h.acuerdo && {acuerdo} audit flip h.acuerdo flipped.acuerdo && "
            f"{acuerdo} audit verify flipped.acuerdo",
        ),
    ):
        console.print(f"  [dim]{comment}[/]", highlight=False)
        console.print(f"  {command}", highlight=False, soft_wrap=True)


def _addresses(stack: Stack, console: Console, says: Says) -> None:
    console.print(f"\n[bold]{says.addresses}[/]")
    world = {"kafka": stack.kafka, says.pages: f"http://{stack.pages}", says.mail: str(stack.sink.home / "mail")}
    for name, address in {**stack.addresses, **world}.items():
        console.print(f"  {name:14} {address}", highlight=False)
    console.print(f"  {'token':14} {stack.token_file}", highlight=False)


def _wire(day: str) -> Date:
    parsed = date.fromisoformat(day)
    return Date(year=parsed.year, month=parsed.month, day=parsed.day)
