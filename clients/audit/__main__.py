"""`python -m clients.audit FILE`: exit code 0 intact, 1 broken, 2 not a history that can be read."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from clients.audit.checking import UNREADABLE, check
from clients.audit.history_file import HistoryIsUnreadable
from clients.audit.told import WORDS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m clients.audit", description="Verifies an exported history, offline.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--head", metavar="HEX", help="SHA-256 of an event of this stream, known from elsewhere")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--lang", choices=sorted(WORDS), default="en")
    said = parser.parse_args(arguments)
    try:
        return check(said.file, said.head, as_program=said.json, lang=said.lang)
    except (HistoryIsUnreadable, ValueError) as wrong:
        print(wrong, file=sys.stderr)
        return UNREADABLE


if __name__ == "__main__":
    sys.exit(main())
