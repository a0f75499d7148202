"""Arming: wraps what the table of points names, wherever it is referred to, and counts how often it is passed."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

from proof.crash.points import Moment, Point

OURS = ("services.",)
"""Modules in which a name may refer to what is wrapped."""


class NameIsGone(Exception):
    """A point names what is not there (any more), or cannot be wrapped as it says."""


class Passing:
    """Counts the passings of one point, and ends the process at the n-th. `at` None: only counts."""

    def __init__(self, point: Point, at: int | None = None, tell: Callable[[str], None] = lambda _: None) -> None:
        self.point, self._at, self._tell = point, at, tell
        self._passed = 0

    def is_last(self) -> bool:
        """Another passing begins; whether it is the one (or a later one, where that could not be used)."""
        self._passed += 1
        if self._passed == 1:
            self._tell(self.point.name)
        return self._at is not None and self._passed >= self._at

    def die(self) -> NoReturn:
        """Nothing is closed, nothing is flushed, nobody is told: as a power cut would. One line says where it was."""
        line = json.dumps({"level": "critical", "event": "crash_point", "point": self.point.name, "passing": self._passed})
        os.write(sys.stderr.fileno(), f"{line}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable: nobody survives SIGKILL")


def teller_to(file: Path) -> Callable[[str], None]:
    """Writes a name to a file at once: what comes after may kill us."""

    def tell(name: str) -> None:
        with file.open("a") as passed:
            passed.write(f"{name}\n")

    return tell


def arm(passings: Sequence[Passing]) -> None:
    """Wrap all that is named. NameIsGone says which are not there."""
    gone: list[str] = []
    for passing in passings:
        try:
            _arm_one(passing)
        except NameIsGone as missing:
            gone.append(f"{passing.point.name}: {missing}")
    if gone:
        raise NameIsGone("; ".join(gone))


def _arm_one(passing: Passing) -> None:
    owner, name, original = _find(passing.point.where)
    wrapped = _wrapped(original, passing)
    _put(owner, name, wrapped)
    if inspect.ismodule(owner):
        for module in list(sys.modules.values()):  # who imported the name has it too
            if module is not None and module.__name__.startswith(OURS):
                for known, value in list(vars(module).items()):
                    if value is original:
                        setattr(module, known, wrapped)


def _find(where: str) -> tuple[Any, str, Any]:
    """Who holds it, under which name, and what it is."""
    module_name, _, qualname = where.partition(":")
    try:
        owner: Any = importlib.import_module(module_name)
    except ModuleNotFoundError:
        raise NameIsGone(f"there is no module {module_name}") from None
    *path, name = qualname.split(".")
    try:
        for step in path:
            owner = owner[int(step)] if step.isdecimal() else getattr(owner, step)
        in_a_place = not (inspect.isclass(owner) or inspect.ismodule(owner))
        original = getattr(owner, name) if in_a_place else inspect.getattr_static(owner, name)
    except (AttributeError, IndexError):
        raise NameIsGone(f"there is no {qualname} in {module_name}") from None
    if not inspect.isfunction(original):
        raise NameIsGone(f"{where} is not a plain function")
    if inspect.isclass(owner) and name not in vars(owner):
        raise NameIsGone(f"{qualname} is inherited: name the class that has it")
    return owner, name, original


def _put(owner: Any, name: str, wrapped: Any) -> None:
    if inspect.isclass(owner) or inspect.ismodule(owner):
        setattr(owner, name, wrapped)
    else:
        object.__setattr__(owner, name, wrapped)  # a field of a frozen dataclass


def _wrapped(original: Callable[..., Any], passing: Passing) -> Callable[..., Any]:
    is_async = inspect.iscoroutinefunction(original)
    moment = passing.point.moment
    if moment in (Moment.BEFORE, Moment.AFTER):
        return _around_async(original, passing) if is_async else _around(original, passing)
    if not is_async:
        raise NameIsGone(f"{passing.point.where} is no coroutine: nobody comes between its beginning and its end")
    return _inside(original, passing)


def _around(original: Callable[..., Any], passing: Passing) -> Callable[..., Any]:
    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if passing.point.moment is Moment.BEFORE and passing.is_last():
            passing.die()
        result = original(*args, **kwargs)
        if passing.point.moment is Moment.AFTER and passing.is_last():
            passing.die()
        return result

    return call


def _around_async(original: Callable[..., Any], passing: Passing) -> Callable[..., Any]:
    @wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if passing.point.moment is Moment.BEFORE and passing.is_last():
            passing.die()
        result = await original(*args, **kwargs)
        if passing.point.moment is Moment.AFTER and passing.is_last():
            passing.die()
        return result

    return call


def _inside(original: Callable[..., Any], passing: Passing) -> Callable[..., Any]:
    """Dies between its first step and its end. One that is over by then was too quick: the next passing is the one."""

    @wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if not passing.is_last():
            return await original(*args, **kwargs)
        running = asyncio.ensure_future(original(*args, **kwargs))
        await asyncio.sleep(0)
        if not running.done():
            passing.die()
        return await running

    return call
