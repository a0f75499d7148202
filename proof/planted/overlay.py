"""Overlay: a copy of the tree that a fault is planted in, and the environment in which Python takes services from there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from proof.planted.faults import TREE, Fault

COPIED = ("services", "tests")
"""Tests find files of services from where they lie themselves."""
LINKED = ("clients", "data", "dev", "docs", "proof", "proto", "README.md")
LOADED = "loaded"


class NotFromTheOverlay(Exception):
    """The child took its services from somewhere else: nothing it says counts."""


class Overlay:
    """Lives in `folder`, which it empties first."""

    def __init__(self, folder: Path, tree: Path = TREE) -> None:
        self.folder = folder.resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name in COPIED:
            shutil.copytree(tree / name, self.folder / name)
        for name in LINKED:
            (self.folder / name).symlink_to(tree / name)
        shutil.copy2(tree / "pyproject.toml", self.folder)
        (self.folder / ".run").mkdir()
        (self.folder / ".run" / "kafka").symlink_to(tree / ".run" / "kafka")
        self._leave_a_trace(self.folder / "services" / "__init__.py")

    def plant(self, fault: Fault) -> None:
        file = self.folder / fault.file
        file.write_text(fault.planted_in(file.read_text(encoding="utf-8")), encoding="utf-8")
        self._forget_compiled(file)
        if file.suffix == ".py":
            self._leave_a_trace(file)
        else:
            (self.folder / LOADED / fault.file.replace("/", ".")).touch()  # SQL is read by the path of what is Python beside it

    def environment(self) -> dict[str, str]:
        """For the child, and its children: services come from here, and never from where they are started."""
        return {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def check_was_used(self, *files: str) -> None:
        """NotFromTheOverlay unless the child has loaded these files (and services at all) from here."""
        for file in ("services/__init__.py", *files):
            if not (self.folder / LOADED / file.replace("/", ".")).exists():
                raise NotFromTheOverlay(f"{file} of the overlay was never loaded")

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _leave_a_trace(self, file: Path) -> None:
        """Whoever imports it from here says so."""
        (self.folder / LOADED).mkdir(exist_ok=True)
        trace = self.folder / LOADED / str(file.relative_to(self.folder)).replace("/", ".")
        with file.open("a", encoding="utf-8") as out:
            out.write(f"\n\n__import__('pathlib').Path({str(trace)!r}).touch()\n")
        self._forget_compiled(file)

    def _forget_compiled(self, file: Path) -> None:
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            compiled.unlink()
