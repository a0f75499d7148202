"""The front door of `acuerdo`: which commands there are, and how a failure ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import grpc.aio
from cyclopts import App, CycloptsError
from rich.text import Text

from clients.cli.asking import console
from clients.cli.failures import INVALID, OK, Failure, failure_of

GROUPS = (
    "up",
    "client",
    "portfolio",
    "import",
    "case",
    "dossier",
    "questionnaire",
    "creditor",
    "person",
    "permit",
    "pack",
    "message",
    "interaction",
    "holds",
    "promise",
    "delinquency",
    "disputes",
    "circumstances",
    "complaints",
    "queries",
    "explain",
    "pay",
    "link",
    "work",
    "agents",
    "segments",
    "strategy",
    "tail",
    "audit",
    "parked",
    "clock",
    "token",
)
"""In the order of `acuerdo --help`: a day's work first, the running of it last."""
MODULE_OF = {"import": "imports"}
"""Where the module's name differs: `import` is a keyword."""

INTERRUPTED = 130


def application() -> App:
    app = App(
        name="acuerdo",
        help="Acuerdo: agreements people can keep, and proof of what was done and why.",
        version=_version,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        help_on_error=False,
    )
    for group in GROUPS:
        app.command(import_module(f"clients.cli.commands.{MODULE_OF.get(group, group)}").app, name=group)
    return app


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 done, 1 refused, 2 not said as it should be, 3 not found, 4 not authorised, 5 not available."""
    try:
        result = application()(list(arguments))
    except CycloptsError as error:
        return _say(Failure(INVALID, str(error), "USAGE", ("See `acuerdo --help`.",)), arguments)
    except grpc.aio.AioRpcError as error:
        return _say(failure_of(error), arguments)
    except Failure as failure:
        return _say(failure, arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); nothing must be flushed to them at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return result if isinstance(result, int) else OK


def _say(failure: Failure, arguments: Sequence[str]) -> int:
    """On standard error: sentences for a person, one JSON object for a program."""
    if "--json" in arguments:
        said = {"reason": failure.reason, "sentence": failure.sentence, "lines": list(failure.lines), "facts": dict(failure.facts)}
        print(json.dumps({"error": said}, ensure_ascii=False), file=sys.stderr)
    else:
        stderr = console(is_error=True)
        name = f"  {failure.reason}" if failure.reason and failure.reason != "USAGE" else ""
        stderr.print(Text.assemble((failure.sentence, "bold red"), (name, "dim")))
        for line in failure.lines:
            stderr.print(Text(f"  {line}"))
    return failure.exit_code


def _version() -> str:
    try:
        return version("acuerdo")
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
