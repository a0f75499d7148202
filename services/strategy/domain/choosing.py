"""Choosing: what is done next, as a pure function of a graph, a step, an occasion and what is seen. The same answer in six months."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.strategy.domain.graph import BEGIN, INSTEAD, PRESSING, Graph, Message, Purpose, Row, Step, StepKind

ASKS_MAX = 30
"""How often one step asks before it takes the answer for a no."""

Seen = Mapping[str, str | int]
"""Everything that a decision looks at, by name."""
MatchRow = Callable[[tuple[Row, ...], Seen], str]
"""Port: the id of the first row that matches. A pure function."""

AT_BEGIN, AT_TABLE, AT_ASKING = "begin", "decide", "ask"
"""Occasions that are not edges."""
ASK, GIVE_UP = "ask", "give_up"
HELD, PAUSED, MONEY, PROMISE, DEBTOR = "wait_for_hold", "wait_for_people", "wait_for_money", "wait_for_promise", "wait_for_debtor"


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """What could have been chosen, and the step it leads to."""

    name: str
    leads_to: str


@dataclass(frozen=True, slots=True)
class Choice:
    candidates: tuple[Candidate, ...]
    chosen: str
    leads_to: str
    row_id: str
    reason: str


def choose(graph: Graph, step: str, occasion: str, seen: Seen, match_row: MatchRow) -> Choice | None:
    """None: the strategy has nothing to say to that occasion at that step."""
    if occasion == AT_BEGIN:
        return _beginning(graph, seen)
    if occasion == AT_TABLE:
        return _by_table(graph, graph.steps[step], seen, match_row)
    if occasion == AT_ASKING:
        return _asking(graph, graph.steps[step], seen)
    return _by_edge(graph, step, occasion, seen)


def recorded(seen: Seen) -> tuple[Input, ...]:
    """As the decision log keeps it."""
    return tuple(Input(name, str(seen[name])) for name in sorted(seen))


def seen_again(inputs: Sequence[Input]) -> Seen:
    """What was recorded, as it was seen."""
    return {each.name: int(each.value) if each.name in NUMBERS else each.value for each in inputs}


def hash_of(inputs: Sequence[Input]) -> bytes:
    return hashlib.sha256(b"".join(f"{each.name}\x00{each.value}\x00".encode() for each in inputs)).digest()


NUMBERS = frozenset(
    {
        "asks",
        "balance_minor_units",
        "days_in_bucket",
        "days_in_segment",
        "messages_sent",
        "paid_minor_units",
        "past_due_units",
        "promises_broken",
        "promises_kept",
    }
)
"""What of it is a whole number; the rest are words."""

# Where to ------------------------------------------------------------------------


def _beginning(graph: Graph, seen: Seen) -> Choice:
    """By what is so already, else by the segment: a promise that is open is followed, and who owes nothing is left in peace."""
    segment = str(seen["segment"])
    candidates = [Candidate(name or "otherwise", step) for name, step in (*graph.begin.items(), ("", graph.otherwise))]
    chosen, leads_to = (segment, graph.begin[segment]) if segment in graph.begin else ("otherwise", graph.otherwise)
    reason = f"A case of segment {segment or 'none'} begins at {leads_to}."
    so_already = {"on_promise_made": seen["promise"] in OPEN_PROMISES, "on_paid": seen["is_past_due"] == "no"}
    for edge, is_so in so_already.items():
        if (target := graph.always.get(edge)) is not None and target != BEGIN:
            candidates.append(Candidate(edge, target))
            if is_so and chosen not in so_already:
                chosen, leads_to, reason = edge, target, f"Where it begins, {_said(edge)} already: it goes to {target}."
    return Choice(tuple(candidates), chosen, leads_to, "", reason)


def _by_table(graph: Graph, step: Step, seen: Seen, match_row: MatchRow) -> Choice:
    matched = match_row(step.rows, seen)
    row = next(row for row in step.rows if row.id == matched)
    candidates = tuple(Candidate(each.id, _resolved(graph, each.go, seen)) for each in step.rows)
    return Choice(candidates, row.id, _resolved(graph, row.go, seen), row.id, row.because)


def _by_edge(graph: Graph, step: str, occasion: str, seen: Seen) -> Choice | None:
    edges = graph.edges_of(step)
    taken = occasion if occasion in edges else INSTEAD.get(occasion, "")
    if taken in edges:
        target = edges[taken]
    elif graph.steps[step].kind is StepKind.END and _is_new_beginning(occasion):
        edges, taken, target = {**edges, occasion: BEGIN}, occasion, BEGIN
    else:
        return None
    leads_to = _resolved(graph, target, seen)
    candidates = tuple(Candidate(edge, _resolved(graph, to, seen)) for edge, to in sorted(edges.items()))
    return Choice(candidates, taken, leads_to, "", f"At {step}, {_said(occasion)}: it goes to {leads_to}.")


def _resolved(graph: Graph, target: str, seen: Seen) -> str:
    return graph.beginning(str(seen["segment"])) if target == BEGIN else target


def _is_new_beginning(occasion: str) -> bool:
    """What brings a case that had come to an end back to where its segment begins."""
    return occasion.startswith("on_segment:") or occasion in ("on_fell_behind", "on_promise_kept_revoked")


def _said(occasion: str) -> str:
    return occasion.removeprefix("on_").replace("_", " ").replace(":", " ")


# Whether now ---------------------------------------------------------------------


def _asking(graph: Graph, step: Step, seen: Seen) -> Choice:
    """The strictest word counts, in this order: a hold, people, the law's patience, nobody to write to, money, a promise."""
    edges = graph.edges_of(step.name)
    candidates = [Candidate(ASK, step.name), *(Candidate(name, step.name) for name, _, _ in STOPS)]
    if "on_denied" in edges and step.message is not None:
        leads_to = _resolved(graph, edges["on_denied"], seen)
        candidates.append(Candidate(GIVE_UP, leads_to))
        if int(seen["asks"]) >= ASKS_MAX:
            return Choice(tuple(candidates), GIVE_UP, leads_to, "", f"Asked {ASKS_MAX} times: it is taken for a no.")
    for name, stops, reason in STOPS:
        if stops(step.message, seen):
            return Choice(tuple(candidates), name, step.name, "", reason)
    return Choice(tuple(candidates), ASK, step.name, "", "Nothing speaks against it.")


def _is_pressing_on_a_promise(message: Message | None, seen: Seen) -> bool:
    """Not yet due: follow-up only. Its day gone by and not yet judged: nothing adverse at all, and a follow-up would be."""
    if message is None or seen["promise"] not in OPEN_PROMISES:
        return False
    if message.purpose in PRESSING:
        return True
    return message.purpose is Purpose.PROMISE_FOLLOW_UP and seen["promise"] != "open"


OPEN_PROMISES = frozenset({"open", "unpaid_so_far", "suspended"})
STOPS: Sequence[tuple[str, Callable[[Message | None, Seen], bool], str]] = (
    (HELD, lambda message, seen: seen["hold"] == "on", "A hold stops the treatment."),
    (PAUSED, lambda message, seen: seen["automation"] == "paused", "People have taken over."),
    (DEBTOR, lambda message, seen: message is not None and seen["debtor"] == "unknown", "Nobody is known to write to."),
    (MONEY, lambda message, seen: seen["money"] == "on_its_way", "Money is on its way: nobody is asked for it meanwhile."),
    (PROMISE, _is_pressing_on_a_promise, "A promise is open: it is not pressed on."),
)
"""What keeps a step from asking: name, whether, and why."""
