"""Reads a waterfall as data: a YAML (or JSON) document of a closed vocabulary. What could not be followed is refused with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

import yaml

from services.kernel.refusal import IsInvalid
from services.payments.domain.components import Component
from services.payments.domain.waterfall import AfterReversal, DebtOrder, Dimension, Dueness, Excess, Step, Take, Waterfall, uncovered

STEPS_MAX = 20
PRODUCTS_MAX = 100
TEXT_MAX = 200
_RULE = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")

E = TypeVar("E", bound=Enum)


@lru_cache(maxsize=256)
def read(document: bytes) -> Waterfall:
    """The order it says; IsInvalid naming `document.steps[1].debts` and the like. Pure: the same bytes are the same order for ever."""
    said = _mapping(_parsed(document), "document", {"name", "steps", "excess", "after_reversal", "onerous_products", "cites"})
    steps = said.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= STEPS_MAX:
        raise IsInvalid("document.steps", f"must be a list of 1 to {STEPS_MAX} steps")
    read_steps = tuple(_step(step, f"document.steps[{place}]") for place, step in enumerate(steps))
    _check(read_steps)
    products = said.get("onerous_products", [])
    if not isinstance(products, list) or len(products) > PRODUCTS_MAX or len(set(map(str, products))) != len(products):
        raise IsInvalid("document.onerous_products", f"must be a list of at most {PRODUCTS_MAX} products, each once")
    return Waterfall(
        name=_text(said.get("name"), "document.name", 1),
        steps=read_steps,
        excess=_member(Excess, said.get("excess", "CREDIT"), "document.excess"),
        after_reversal=_member(AfterReversal, said.get("after_reversal", "KEEP"), "document.after_reversal"),
        onerous_products=tuple(_text(product, f"document.onerous_products[{place}]", 1) for place, product in enumerate(products)),
    )


def _step(said: Any, at: str) -> Step:
    step = _mapping(said, at, {"rule", "take", "dueness", "components", "by", "debts", "cite", "words"})
    rule = step.get("rule")
    if not isinstance(rule, str) or not _RULE.fullmatch(rule) or rule == "credit":
        raise IsInvalid(f"{at}.rule", "must be a short lower-case name, and not 'credit'")
    by = _members(Dimension, step.get("by"), f"{at}.by")
    if set(by) != set(Dimension):
        by = (*by, *(dimension for dimension in Dimension if dimension not in by))
    return Step(
        rule=rule,
        take=_member(Take, step.get("take"), f"{at}.take"),
        dueness=_members(Dueness, step.get("dueness", [each.name for each in Dueness]), f"{at}.dueness"),
        components=_members(Component, step.get("components"), f"{at}.components"),
        by=by,
        debts=_member(DebtOrder, step.get("debts", "OLDEST_DUE_FIRST"), f"{at}.debts"),
        cite=_text(step.get("cite", ""), f"{at}.cite"),
        words=_text(step.get("words", ""), f"{at}.words"),
    )


def _check(steps: Sequence[Step]) -> None:
    seen: set[str] = set()
    for place, step in enumerate(steps):
        if step.rule in seen:
            raise IsInvalid(f"document.steps[{place}].rule", "must not be given to two steps")
        seen.add(step.rule)
    for dueness, component in uncovered(steps):
        raise IsInvalid("document.steps", f"no step that takes OWED reaches {dueness.name} {component.name}: money would pass it by")


def _parsed(document: bytes) -> Any:
    try:
        return yaml.safe_load(document)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as broken:
        mark = getattr(broken, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise IsInvalid("document", f"is neither YAML nor JSON{where}") from broken


def _mapping(said: Any, at: str, known: Iterable[str]) -> Mapping[str, Any]:
    if not isinstance(said, dict):
        raise IsInvalid(at, "must be a mapping")
    for name in said:
        if name not in set(known):
            raise IsInvalid(at, "holds a name that nobody knows", name=str(name)[:40])
    return said


def _members(kind: type[E], said: Any, at: str) -> tuple[E, ...]:
    if not isinstance(said, list) or not said:
        raise IsInvalid(at, "must be a list of at least one")
    found = tuple(_member(kind, each, f"{at}[{place}]") for place, each in enumerate(said))
    if len(set(found)) != len(found):
        raise IsInvalid(at, "must name each once")
    return found


def _member(kind: type[E], said: Any, at: str) -> E:
    if not isinstance(said, str) or said not in kind.__members__:
        raise IsInvalid(at, f"must be one of {', '.join(kind.__members__)}")
    return kind[said]


def _text(said: Any, at: str, least: int = 0) -> str:
    if not isinstance(said, str) or not least <= len(said.strip()) <= TEXT_MAX or not said.isprintable():
        raise IsInvalid(at, f"must be a text of {least} to {TEXT_MAX} characters on one line")
    return said.strip()
