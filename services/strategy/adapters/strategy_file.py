"""Strategy files: the graph as people write it, in YAML (or JSON, which is YAML too), read with a finding for every word that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

import yaml

from services.strategy.adapters import rows as tables
from services.strategy.adapters import segment_table
from services.strategy.domain.checks import check
from services.strategy.domain.findings import Finding, Rule
from services.strategy.domain.graph import (
    BEGIN,
    INTERRUPTS,
    NEEDED,
    ON_SEGMENT,
    OPTIONAL,
    Channel,
    Graph,
    HandOver,
    Message,
    Pay,
    Purpose,
    Row,
    Step,
    StepKind,
    Wait,
    WaitAnchor,
)
from services.strategy.domain.segments import SegmentTables

FORM = "acuerdo.strategy/1"
STEPS_MAX, ROWS_MAX, WAIT_DAYS_MAX, GRAPHS_MAX = 200, 100, 3_660, 64
_STEP = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SEGMENT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_KINDS = {
    "message": StepKind.MESSAGE,
    "wait": StepKind.WAIT,
    "decide": StepKind.DECIDE,
    "follow_promise": StepKind.FOLLOW_PROMISE,
    "hand_to_agent": StepKind.HAND_TO_AGENT,
    "end": StepKind.END,
}
E = TypeVar("E", bound=Enum)


class _Loader(yaml.SafeLoader):
    """YAML without surprises: no name twice, no aliases that grow, and words stay words (`on`, `no` and 10:30 mean themselves)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not taken")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if len(set(names)) != len(names):
            raise yaml.YAMLError(f"a name appears twice at line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]{0,17})$"), list("-0123456789"))


def judge(document: bytes, segments: SegmentTables) -> tuple[Graph | None, list[Finding]]:
    """The graph, and everything that is wrong with it; None where it cannot be read at all."""
    reading = _Reading()
    graph = reading.graph(document)
    if graph is None or reading.findings:
        return graph, reading.findings
    named = segment_table.segments_of(segments.active.table) if segments.active is not None else frozenset()
    found = check(graph, named)
    for step in graph.steps.values():
        if step.kind is StepKind.DECIDE:
            found.extend(tables.check(step.name, step.rows))
    return graph, found


@lru_cache(maxsize=GRAPHS_MAX)
def read(document: bytes) -> Graph:
    """Of a published document. Never judged again: it answers for ever, also when the check has become stricter since."""
    graph = _Reading().graph(document)
    if graph is None:
        raise ValueError("a published strategy can no longer be read")
    return graph


class _Reading:
    """One document read from top to bottom; whatever is wrong is kept, so that its author sees all of it at once."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def graph(self, document: bytes) -> Graph | None:
        try:
            whole = yaml.load(document.decode(), _Loader)
        except (yaml.YAMLError, ValueError, RecursionError) as broken:
            said = " ".join(str(broken).split())[:300]
            self.found(Rule.DOCUMENT_IS_BROKEN, "", f"is not YAML as we take it: {said}")
            return None
        if not isinstance(whole, dict) or whole.get("form") != FORM:
            self.found(Rule.DOCUMENT_IS_BROKEN, "form", f"must be {FORM}")
            return None
        self.words("", whole, needed=("form", "name", "begin", "steps"), optional=("always",))
        begin = self.mapping("begin", whole.get("begin"))
        steps = self.mapping("steps", whole.get("steps"))
        if not 1 <= len(steps) <= STEPS_MAX:
            self.found(Rule.WRONG_VALUE, "steps", f"must be 1 to {STEPS_MAX}")
        self.words("begin", begin, needed=("otherwise",), optional=tuple(begin))
        return Graph(
            name=self.text("name", whole.get("name"), 100),
            begin={self.segment("begin", each): self.step_name(f"begin.{each}", to) for each, to in begin.items() if each != "otherwise"},
            otherwise=self.step_name("begin.otherwise", begin.get("otherwise", "")),
            always=self.edges("always", self.mapping("always", whole.get("always") or {}), INTERRUPTS),
            steps={str(name): self.step(str(name), said) for name, said in steps.items()},
        )

    # A step -----------------------------------------------------------------------

    def step(self, name: str, said: Any) -> Step:
        where = f"steps.{name}"
        if not _STEP.fullmatch(name) or name == BEGIN:
            self.found(Rule.WRONG_VALUE, where, "a step's name is a short one in lower case, and not `begin`")
        words = self.mapping(where, said)
        kinds = [word for word in words if word in _KINDS]
        if len(kinds) != 1:
            self.found(Rule.MISSING_WORD, where, f"must say one thing that it is: {', '.join(_KINDS)}")
            return Step(name, StepKind.END)
        kind = _KINDS[kinds[0]]
        what = self.READERS[kind](self, f"{where}.{kinds[0]}", words[kinds[0]])
        allowed = frozenset(NEEDED[kind] + OPTIONAL[kind]) | (INTERRUPTS if kind is not StepKind.DECIDE else frozenset())
        edges = self.edges(where, {word: to for word, to in words.items() if word != kinds[0]}, allowed)
        return Step(name, kind, edges, what)

    def edges(self, where: str, words: Mapping[str, Any], allowed: frozenset[str]) -> dict[str, str]:
        edges: dict[str, str] = {}
        for word, to in words.items():
            if word == "on_segment" and "on_paid" in allowed:
                for segment, target in self.mapping(f"{where}.on_segment", to).items():
                    edges[f"{ON_SEGMENT}{self.segment(where, segment)}"] = self.step_name(f"{where}.on_segment.{segment}", target)
            elif word in allowed:
                edges[str(word)] = self.step_name(f"{where}.{word}", to)
            else:
                self.found(Rule.UNKNOWN_WORD, f"{where}.{word}", f"is no edge here: {', '.join(sorted(allowed)) or 'none is'}")
        return edges

    def message(self, where: str, said: Any) -> Message:
        words = self.mapping(where, said)
        self.words(where, words, needed=("channel", "purpose", "template"), optional=("pay",))
        return Message(
            channel=self.one_of(f"{where}.channel", words.get("channel"), Channel, Channel.EMAIL),
            purpose=self.one_of(f"{where}.purpose", words.get("purpose"), Purpose, Purpose.SERVICE),
            template=str(words.get("template", "")),
            pay=self.one_of(f"{where}.pay", words["pay"], Pay, Pay.NOT_SAID) if "pay" in words else Pay.NOT_SAID,
        )

    def wait(self, where: str, said: Any) -> Wait:
        words = self.mapping(where, said)
        self.words(where, words, needed=(), optional=("days", "after", "at", "until", "moved_by_payments"))
        until = words.get("until")
        if until is not None and until != "promise_deadline":
            self.found(Rule.WRONG_VALUE, f"{where}.until", "must be promise_deadline")
        if until is None and "days" not in words and "at" not in words:
            self.found(Rule.MISSING_WORD, where, "must say how long: days, at, or until")
        hour = _HOUR.fullmatch(str(words.get("at", "00:00")))
        if hour is None:
            self.found(Rule.WRONG_VALUE, f"{where}.at", 'must be an hour of the day: "10:00"')
        after = self.one_of(f"{where}.after", words.get("after", "step"), WaitAnchor, WaitAnchor.STEP)
        if words.get("moved_by_payments", "yes") not in ("yes", "no"):
            self.found(Rule.WRONG_VALUE, f"{where}.moved_by_payments", "must be yes or no")
        return Wait(
            days=self.number(f"{where}.days", words.get("days", 0), WAIT_DAYS_MAX),
            after=WaitAnchor.PROMISE if until is not None else after,
            at=time(int(hour[1]), int(hour[2])) if hour is not None and "at" in words else None,
            is_moved_by_payments=words.get("moved_by_payments", "yes") == "yes",
        )

    def decide(self, where: str, said: Any) -> tuple[Row, ...]:
        if not isinstance(said, list) or not 1 <= len(said) <= ROWS_MAX:
            self.found(Rule.WRONG_VALUE, where, f"must be a list of 1 to {ROWS_MAX} rows")
            return ()
        found = [self.row(f"{where}[{place}]", each, f"row_{place + 1}") for place, each in enumerate(said)]
        if len({row.id for row in found}) != len(found):
            self.found(Rule.WRONG_VALUE, where, "two rows have one name")
        return tuple(found)

    def row(self, where: str, said: Any, name: str) -> Row:
        words = self.mapping(where, said)
        self.words(where, words, needed=("go", "because"), optional=("row", "when"))
        when = self.mapping(f"{where}.when", words.get("when") or {})
        return Row(
            id=self.text(f"{where}.row", words.get("row", name), 64),
            when=tuple(sorted((str(field), tables.cell_of(cell, tables.COLUMNS.get(str(field)))) for field, cell in when.items())),
            go=self.step_name(f"{where}.go", words.get("go", "")),
            because=self.text(f"{where}.because", words.get("because", ""), 500),
        )

    def follow(self, where: str, said: Any) -> None:
        self.words(where, self.mapping(where, said or {}), needed=(), optional=())

    def hand_over(self, where: str, said: Any) -> HandOver:
        words = self.mapping(where, said)
        self.words(where, words, needed=("reason",), optional=("team", "skills", "language"))
        if not _CODE.fullmatch(str(words.get("reason", ""))):
            self.found(Rule.WRONG_VALUE, f"{where}.reason", "must be a code in capitals: NO_ANSWER")
        skills = words.get("skills") or []
        if not isinstance(skills, list) or len(skills) > 20:
            self.found(Rule.WRONG_VALUE, f"{where}.skills", "must be a list of at most 20")
            skills = []
        return HandOver(
            str(words.get("reason", "")), self.team(where, words.get("team")), tuple(map(str, skills)), str(words.get("language", ""))
        )

    def end(self, where: str, said: Any) -> None:
        words = self.mapping(where, said or {})
        self.words(where, words, needed=(), optional=("because",))

    # Words ------------------------------------------------------------------------

    def found(self, rule: Rule, field: str, description: str) -> None:
        self.findings.append(Finding(rule, field, description))

    def mapping(self, where: str, said: Any) -> dict[Any, Any]:
        if isinstance(said, dict):
            return said
        self.found(Rule.WRONG_VALUE, where, "must be names with values")
        return {}

    def words(self, where: str, said: Mapping[Any, Any], needed: tuple[str, ...], optional: tuple[Any, ...]) -> None:
        under = f"{where}." if where else ""
        for word in said:
            if word not in needed and word not in optional:
                self.found(Rule.UNKNOWN_WORD, f"{under}{word}", f"is not among {', '.join(map(str, (*needed, *optional)))}")
        for word in needed:
            if word not in said:
                self.found(Rule.MISSING_WORD, f"{under}{word}", "must be said")

    def text(self, where: str, said: Any, characters_max: int) -> str:
        text = str(said or "").strip()
        if not 1 <= len(text) <= characters_max:
            self.found(Rule.WRONG_VALUE, where, f"must be a text of 1 to {characters_max} characters")
        return text

    def number(self, where: str, said: Any, largest: int) -> int:
        if type(said) is int and 0 <= said <= largest:
            return said
        self.found(Rule.WRONG_VALUE, where, f"must be a whole number from 0 to {largest}")
        return 0

    def step_name(self, where: str, said: Any) -> str:
        if isinstance(said, str):
            return said
        self.found(Rule.WRONG_VALUE, where, "must name a step")
        return ""

    def segment(self, where: str, said: Any) -> str:
        if not _SEGMENT.fullmatch(str(said)):
            self.found(Rule.WRONG_VALUE, f"{where}.{said}", "is no segment's name")
        return str(said)

    def team(self, where: str, said: Any) -> UUID | None:
        try:
            return UUID(said) if said else None
        except (ValueError, TypeError, AttributeError):
            self.found(Rule.WRONG_VALUE, f"{where}.team", "must be a team's id")
            return None

    def one_of(self, where: str, said: Any, kind: type[E], otherwise: E) -> E:
        words = {member.name.lower(): member for member in kind if member.name not in ("UNSPECIFIED", "NOT_SAID")}
        if str(said) in words:
            return words[str(said)]
        self.found(Rule.WRONG_VALUE, where, f"must be one of {', '.join(words)}")
        return otherwise

    READERS: Mapping[StepKind, Callable[..., Any]] = {
        StepKind.MESSAGE: message,
        StepKind.WAIT: wait,
        StepKind.DECIDE: decide,
        StepKind.FOLLOW_PROMISE: follow,
        StepKind.HAND_TO_AGENT: hand_over,
        StepKind.END: end,
    }
