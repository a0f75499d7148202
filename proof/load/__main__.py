"""`python -m proof.load PLAN.json`: the load as a process of its own, until its seconds are over or SIGTERM; its tally is its last line."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from proof.load.calling import Tally
from proof.load.running import Plan, run


def main() -> None:
    said = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    seconds = said.pop("seconds")
    plan = Plan(**{**said, "history": Path(said["history"]), "canaries": Path(said["canaries"])})
    print(json.dumps(as_json(asyncio.run(_until_asked(plan, seconds)))), flush=True)


async def _until_asked(plan: Plan, seconds: float) -> Tally:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await run(plan, seconds, stop, lambda tally: print(json.dumps({"asked": tally.asked, "ok": tally.ok}), flush=True))


def as_json(tally: Tally) -> dict[str, Any]:
    """Durations as the median and the slowest hundredth, in milliseconds."""
    found: dict[str, Any] = {
        name: dict(value) if isinstance(value := getattr(tally, name), Counter) else value
        for name in ("asked", "ok", "failed", "unknown", "retried", "changes", "statuses", "reasons")
    }
    seconds = sorted(tally.seconds)
    found["answer_p50_ms"] = round(1000 * seconds[len(seconds) // 2], 1) if seconds else None
    found["answer_p99_ms"] = round(1000 * seconds[len(seconds) * 99 // 100], 1) if seconds else None
    return found


if __name__ == "__main__":
    main()
