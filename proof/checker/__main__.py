"""`python -m proof.checker`: judges a finished run from outside. Exit code 0 iff all that was asked for holds."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from proof.checker.findings import STATEMENTS, Verdict
from proof.checker.judging import Where, judge
from proof.checker.showing import show


def main(arguments: Sequence[str] | None = None) -> int:
    said = _parser().parse_args(arguments)
    verdict = asyncio.run(judge(_where(said)))
    show(verdict, Console(width=None if sys.stdout.isatty() else 200))
    if said.json is not None:
        said.json.write_text(json.dumps(verdict.as_json(), indent=2) + "\n")
    return exit_code(verdict, strict=not said.lenient)


def exit_code(verdict: Verdict, *, strict: bool) -> int:
    """`strict`: what was asked for and could not be judged counts as broken."""
    return 0 if verdict.holds and (not strict or len(verdict.judged) == len(verdict.findings)) else 1


def _where(said: argparse.Namespace) -> Where:
    canaries, tenant_canaries = _canaries(said.canaries)
    return Where(
        postgres=said.postgres,
        kafka=said.kafka,
        endpoints=dict(pair.split("=", 1) for pair in said.endpoints.split(",") if pair),
        token=said.token_file.read_text().strip() if said.token_file else "",
        tokens={tenant: Path(file).read_text().strip() for tenant, _, file in (pair.partition("=") for pair in said.tenant_token)},
        history=tuple(said.history),
        canaries=canaries,
        tenant_canaries=tenant_canaries,
        outputs=tuple(said.outputs),
        services=tuple(said.services.split(",")),
        quiet_within_seconds=said.quiet_within,
        only=frozenset(said.only.split(",")) if said.only else frozenset(STATEMENTS),
        cases_asked_max=said.cases_asked_max,
        rebuilds_views=not said.no_rebuild,
    )


def _canaries(file: Path | None) -> tuple[tuple[str, ...], dict[str, str]]:
    """One a line: personal data; or a tenant, a tab and what is that tenant's alone."""
    lines = [line for line in (file.read_text(encoding="utf-8").splitlines() if file else ()) if line]
    pairs = [line.split("\t", 1) for line in lines]
    return tuple(pair[0] for pair in pairs if len(pair) == 1), {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.checker", description="Judge a finished run by the invariants of the house.")
    parser.add_argument("--postgres", required=True, metavar="DSN", help="a superuser's")
    parser.add_argument("--kafka", default="", metavar="BOOTSTRAP")
    parser.add_argument("--endpoints", default="", metavar="cases=HOST:PORT,…")
    parser.add_argument("--token-file", type=Path, help="a token with the roles operator, supervisor and auditor")
    parser.add_argument(
        "--tenant-token", action="append", default=[], metavar="TENANT=FILE", help="such a token for one tenant; repeatable"
    )
    parser.add_argument("--history", action="append", default=[], type=Path, metavar="FILE", help="of the load; repeatable")
    parser.add_argument("--canaries", type=Path, metavar="FILE", help="one a line: personal data, or TENANT<tab>text")
    parser.add_argument("--outputs", nargs="*", default=[], type=Path, metavar="PATH", help="logs, traces, dumps of metrics")
    parser.add_argument("--services", default="cases,strategy")
    parser.add_argument("--quiet-within", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--only", default="", metavar="I1,I4,…")
    parser.add_argument("--cases-asked-max", type=int, default=500)
    parser.add_argument("--no-rebuild", action="store_true", help="leave the views as they are (I7 is not judged)")
    parser.add_argument("--lenient", action="store_true", help="what cannot be judged is no failure")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
