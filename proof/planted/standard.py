"""The standard run: the whole house as processes, a short load with a crash in it, judged by proof.checker.

`python -m proof.planted.standard HOME INVARIANT …` is the child, started with services from an overlay; its last line is the verdict.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proof.checker.findings import STATEMENTS, Finding, Verdict
from proof.checker.judging import Where, judge
from proof.load.process import LoadFailed, LoadProcess, files, plan
from proof.planted.catching import CatcherIsBroken, Noticed, run
from proof.planted.overlay import Overlay
from proof.rig import Member, Rig

LAYOUT = {"cases": Member("cases"), "cases-2": Member("cases", "api"), "strategy": Member("strategy")}
"""Two replicas answer for cases: one of them is always behind the other."""
LOOP = {**LAYOUT, "contacts": Member("contacts"), "payments": Member("payments")}
"""Where people, contacts or money are judged: what takes longer is not there otherwise."""
OF_THE_LOOP = frozenset({"I9", "I11"})
CRASH_AFTER_REQUESTS, ENOUGH_REQUESTS = 800, 1_000
"""Requests, not seconds: on a busy machine it takes longer and sees as much. After the crash all callers are at the other replica."""
LOAD_SECONDS_MAX = 60.0
LOOK_EVERY_SECONDS = 0.2
CALLERS = 12
PATIENCE_SECONDS = 15.0
QUIET_WITHIN_SECONDS = 30.0
SEED = 7
ROLES = ("operator", "supervisor", "auditor")
ALL = tuple(STATEMENTS)
CATCHER = "the standard run"
RUN_SECONDS_MAX = 240.0


def look(overlay: Overlay, invariants: Sequence[str]) -> Noticed:
    """Which of these are broken on the overlay. CatcherIsBroken where one could not be judged and none is broken."""
    command = [sys.executable, "-m", "proof.planted.standard", str(overlay.folder / "rig"), *invariants]
    code, said = run(command, overlay, {}, RUN_SECONDS_MAX)
    line = said.rstrip().rpartition("\n")[2]
    if code != 0 or not line.startswith("{"):
        raise CatcherIsBroken(f"the standard run ended with code {code}:\n{said}")
    verdict: dict[str, Any] = json.loads(line)
    findings = [each for each in verdict["findings"] if each["invariant"] in invariants]
    broken = [each for each in findings if each["holds"] is False]
    unknown = [f"{each['invariant']}: {each['reason']}" for each in findings if each["holds"] is None]
    if not broken and (unknown or verdict["load_failed"]):
        raise CatcherIsBroken(f"not judged: {unknown} {verdict['load_failed']}")
    return Noticed(tuple(each["invariant"] for each in broken), str(broken[0]["broken"][0]) if broken else "")


def main() -> None:
    home, wanted = Path(sys.argv[1]), frozenset(sys.argv[2:])
    layout = LOOP if wanted & OF_THE_LOOP else LAYOUT
    with Rig(home, layout) as rig:
        with LoadProcess(plan(rig, seed=SEED, callers=CALLERS, patience_seconds=PATIENCE_SECONDS), LOAD_SECONDS_MAX) as load:
            _until_asked(load, CRASH_AFTER_REQUESTS)
            rig.kill("cases")
            rig.start("cases", wait=False)
            _until_asked(load, ENOUGH_REQUESTS)
            load.stop()
            failure = _finish(load)
        rig.heal()
        verdict = asyncio.run(judge(_evidence(rig, wanted)))
        for name in layout:
            rig.kill(name)  # an ordered end would only take time
    print(json.dumps({**_short(verdict), "load_failed": failure}), flush=True)


def _until_asked(load: LoadProcess, requests: int) -> None:
    while load.is_running and load.asked < requests:
        time.sleep(LOOK_EVERY_SECONDS)


def _finish(load: LoadProcess) -> str:
    """Why its callers could not go on, if so: with a fault in the house they may well not. What they have left is judged all the same."""
    try:
        load.finish()
    except LoadFailed as failed:
        return str(failed)[-1_000:]
    return ""


def _evidence(rig: Rig, wanted: frozenset[str]) -> Where:
    histories, canaries = files(rig)
    return Where(
        postgres=rig.dsn,
        kafka=rig.bootstrap,
        endpoints=rig.endpoints,
        token_for=lambda tenant: rig.token(tenant, ("system", "operator") if tenant == "*" else ROLES),
        history=tuple(histories),
        canaries=tuple(line for file in canaries for line in file.read_text(encoding="utf-8").splitlines()),
        outputs=tuple(rig.outputs),
        services=rig.services,
        quiet_within_seconds=QUIET_WITHIN_SECONDS,
        only=wanted | {"I15"},  # which waits until all is quiet: before that, the log is ahead of its topic
    )


def _short(verdict: Verdict) -> dict[str, object]:
    def line(finding: Finding) -> dict[str, object]:
        return {
            "invariant": finding.invariant,
            "holds": finding.holds,
            "counted": finding.counted,
            "broken": [text[:200] for text in finding.broken[:2]],
            "reason": finding.reason[:200],
        }

    return {"seconds": verdict.seconds, "findings": [line(finding) for finding in verdict.findings]}


if __name__ == "__main__":
    main()
