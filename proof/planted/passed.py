"""Passed: which catchers pass on the tree as it is. A catcher that fails anyway catches nothing; remembered by the tree's content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from proof.planted.faults import TREE

WHAT_COUNTS = ("services", "tests", "dev", "proof", "clients", "proto", "pyproject.toml")
KEPT_MAX = 2_000


def content_of(tree: Path = TREE) -> str:
    """A hash of all that a catcher may rest on."""
    digest = hashlib.sha256()
    for name in WHAT_COUNTS:
        for file in sorted([tree / name] if (tree / name).is_file() else (tree / name).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".toml":
                digest.update(f"{file.relative_to(tree)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


class Passed:
    """In one file. `content` is that of the tree when this began: what changes meanwhile is looked at again next time."""

    def __init__(self, file: Path, content: str) -> None:
        self._file, self._content = file, content
        self._known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def missing(self, catchers: Iterable[str]) -> Sequence[str]:
        """Those of which it is not known that they pass."""
        return [catcher for catcher in dict.fromkeys(catchers) if self._known.get(catcher) != self._content]

    def add(self, catchers: Iterable[str]) -> None:
        self._known.update(dict.fromkeys(catchers, self._content))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(dict(list(self._known.items())[-KEPT_MAX:]), indent=0), encoding="utf-8")
