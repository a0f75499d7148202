"""Checks: the static rules that a strategy must pass before it is published. Each looks at the whole graph and says what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from services.strategy.domain.findings import Finding, Rule
from services.strategy.domain.graph import BEGIN, NEEDED, ON_SEGMENT, WAYS_TO_PAY, Graph, Pay, Step, StepKind, WaitAnchor

TEMPLATE = re.compile(r"[a-z][a-z0-9-]{0,63}")
"""A template's name in contacts, which says which version of it is approved."""
ENDS = (StepKind.END, StepKind.HAND_TO_AGENT)
"""Where a strategy may rest for good: nothing more is to be done, or people do it."""

Ways = Mapping[str, Sequence[tuple[str, str]]]


def check(graph: Graph, segments: frozenset[str]) -> list[Finding]:
    """Everything that is wrong. `segments`: those of the table in force; empty where there is none."""
    unknown = list(_unknown_steps(graph))
    found = [*unknown, *_segments(graph, segments)]
    for rule in EACH_STEP:
        for step in graph.steps.values():
            found.extend(rule(graph, step))
    # Ways cannot be walked while some of them lead nowhere.
    return found if unknown else [*found, *_unreachable(graph), *_without_exit(graph), *_loops(graph)]


def _unknown_steps(graph: Graph) -> Iterator[Finding]:
    for field, target in _targets(graph):
        if target not in graph.steps and target != BEGIN:
            yield Finding(Rule.UNKNOWN_STEP, field, f"leads to {target!r}, which is no step")


def _targets(graph: Graph) -> Iterator[tuple[str, str]]:
    for segment, target in graph.begin.items():
        yield f"begin.{segment}", target
    yield "begin.otherwise", graph.otherwise
    for edge, target in graph.always.items():
        yield f"always.{_written(edge)}", target
    for step in graph.steps.values():
        for way, target in step.ways():
            yield f"steps.{step.name}.{_written(way)}", target


def _written(edge: str) -> str:
    return edge.replace(ON_SEGMENT, "on_segment.")


def _segments(graph: Graph, segments: frozenset[str]) -> Iterator[Finding]:
    named = [(f"begin.{segment}", segment) for segment in graph.begin]
    every = [("always", graph.always), *((f"steps.{step.name}", step.edges) for step in graph.steps.values())]
    named += [
        (f"{where}.{_written(edge)}", edge.removeprefix(ON_SEGMENT)) for where, edges in every for edge in edges if ON_SEGMENT in edge
    ]
    for field, segment in named:
        if segments and segment not in segments:
            yield Finding(Rule.UNKNOWN_SEGMENT, field, f"the segment table in force never says {segment!r}")


# Rules of one step -------------------------------------------------------------


def _dead_end(graph: Graph, step: Step) -> Iterator[Finding]:
    for edge in NEEDED[step.kind]:
        if edge not in step.edges and edge not in graph.always:
            yield Finding(Rule.DEAD_END, f"steps.{step.name}.{edge}", f"where does it go {edge.replace('_', ' ')}?")


def _payment_method(graph: Graph, step: Step) -> Iterator[Finding]:
    if (message := step.message) is None:
        return
    field = f"steps.{step.name}.message.pay"
    if message.pay is Pay.NOT_SAID:
        if message.asks_for_money:
            yield Finding(Rule.NO_PAYMENT_METHOD, field, "asks for money and gives no way to pay it: link or reference")
    elif message.pay not in WAYS_TO_PAY.get(message.channel, frozenset()):
        description = f"nobody can pay by {message.pay.name.lower()} on {message.channel.name.lower()}"
        yield Finding(Rule.METHOD_NOT_ON_CHANNEL, field, description)


def _template(graph: Graph, step: Step) -> Iterator[Finding]:
    if step.message is not None and not TEMPLATE.fullmatch(step.message.template):
        description = "must be a template's name in contacts: first-reminder"
        yield Finding(Rule.TEMPLATE_REFERENCE, f"steps.{step.name}.message.template", description)


EACH_STEP: Sequence[Callable[[Graph, Step], Iterator[Finding]]] = (_dead_end, _payment_method, _template)

# Rules of the ways between them -------------------------------------------------


def _resolved(graph: Graph, target: str) -> list[str]:
    return [*graph.begin.values(), graph.otherwise] if target == BEGIN else [target]


def _ways(graph: Graph, step: Step) -> Iterator[tuple[str, str]]:
    """Its own, and those of all that it cannot do without."""
    yield from step.ways()
    for edge in NEEDED[step.kind]:
        if edge not in step.edges and edge in graph.always:
            yield edge, graph.always[edge]


def _unreachable(graph: Graph) -> Iterator[Finding]:
    seen: set[str] = set()
    ahead = [step for target in (BEGIN, *graph.always.values()) for step in _resolved(graph, target)]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead.extend(step for _, target in graph.steps[name].ways() for step in _resolved(graph, target))
    for name in graph.steps:
        if name not in seen:
            yield Finding(Rule.UNREACHABLE_STEP, f"steps.{name}", "no way leads here")


def _without_exit(graph: Graph) -> Iterator[Finding]:
    """A step from which, whatever happens, no end is ever reached."""
    leaves = {name for name, step in graph.steps.items() if step.kind in ENDS}
    has_grown = True
    while has_grown:
        more = {
            name
            for name, step in graph.steps.items()
            if name not in leaves and any(to in leaves for _, target in _ways(graph, step) for to in _resolved(graph, target))
        }
        leaves |= more
        has_grown = bool(more)
    for name, step in graph.steps.items():
        if name not in leaves and not list(_dead_end(graph, step)):
            yield Finding(Rule.NO_EXIT, f"steps.{name}", "no end can be reached from here")


def _loops(graph: Graph) -> Iterator[Finding]:
    """Circles of ways that take no time: what is left when none of them can be taken off the end any more."""
    at_once = {
        name: {to for way, target in _ways(graph, step) for to in _resolved(graph, target) if not _takes_time(step, way, graph.steps[to])}
        for name, step in graph.steps.items()
    }
    while free := [name for name, onto in at_once.items() if not onto & at_once.keys()]:
        for name in free:
            del at_once[name]
    circle = {name for name in at_once if _returns(name, at_once)}
    for name in graph.steps:
        if name in circle:
            description = "is part of a circle without a wait of at least a day that is counted from the step itself"
            yield Finding(Rule.LOOP_WITHOUT_WAIT, f"steps.{name}", description)


def _returns(name: str, ways: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = list(ways[name])
    while ahead:
        there = ahead.pop()
        if there == name:
            return True
        if there not in seen and there in ways:
            seen.add(there)
            ahead.extend(ways[there])
    return False


def _takes_time(step: Step, way: str, to: Step) -> bool:
    """A wait that is counted from another fact than the step's own may be over before it begins, and so may a promise."""
    if step.kind is StepKind.MESSAGE:
        # What has just gone out is waited for anew.
        return way == "on_delivered" and to.wait is not None and to.wait.after is WaitAnchor.MESSAGE and to.wait.days > 0
    if step.wait is not None and way == "next":
        return step.wait.after is WaitAnchor.STEP and (step.wait.days > 0 or step.wait.at is not None)
    if step.kind is StepKind.FOLLOW_PROMISE:
        return way == "on_reminder_due"
    return step.kind is not StepKind.DECIDE
