"""Liquid texts: what people write as templates, with few tags, few filters, a closed list of variables, and limits on everything."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

from liquid import BoundTemplate, Environment, FalsyStrictUndefined
from liquid.builtin import register as register_all
from liquid.exceptions import LiquidError

from services.contacts.domain.template import Examined, Text
from services.contacts.domain.variables import MAY_LACK, VARIABLES, sample_values
from services.kernel.refusal import IsInvalid

OUTPUT_BYTES_MAX = 40_000
LOOP_ITERATIONS_MAX = 100
LOCAL_BYTES_MAX = 10_000
PARSED_KEPT_MAX = 256

TAGS = frozenset({"if", "unless", "case", "comment", "#", "content", "output", "illegal"})
"""Nothing that loops, assigns, includes or counts: a message is read by the person who approves it."""
FILTERS = frozenset({"upcase", "downcase", "capitalize", "strip", "default", "truncate"})


class _Texts(Environment):
    output_stream_limit = OUTPUT_BYTES_MAX
    loop_iteration_limit = LOOP_ITERATIONS_MAX
    local_namespace_limit = LOCAL_BYTES_MAX

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        register_all(self)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS}
        self.filters = {name: apply for name, apply in self.filters.items() if name in FILTERS}


class NotRendered(Exception):
    """A value is missing, or the text grew beyond its limits. Names the variable at most, never a value."""


_texts = _Texts(undefined=FalsyStrictUndefined)


def render(source: Text, values: Mapping[str, str]) -> Text:
    """Subject on one line, body with its ends trimmed. NotRendered where a variable that the text needs is not among `values`."""
    try:
        subject = _parsed(source.subject).render(**values)
        body = _parsed(source.body).render(**values)
    except (LiquidError, RecursionError) as failed:
        raise NotRendered(type(failed).__name__) from None
    return Text(" ".join(subject.split()), body.strip() + "\n")


def examine(source: Text, locale: str) -> Examined:
    """What a draft says with samples, in every combination of what a message may lack. IsInvalid where it cannot be read or rendered."""
    used = sorted({*_used("subject", source.subject), *_used("body", source.body)})
    samples = sample_values(locale)
    given = [{name: samples[name] for name in samples if name not in lacking} for lacking in _lacking()]
    ways = [(values, text) for values in given if (text := _rendered(source, values)) is not None]
    if not ways:
        raise IsInvalid("body", "cannot be rendered with samples")
    needs, says = [], []
    for name in used:
        without = [_rendered(source, {each: value for each, value in values.items() if each != name}) for values, _ in ways]
        if not any(without):
            needs.append(name)
        if all(other != text for other, (_, text) in zip(without, ways, strict=True)):
            says.append(name)
    return Examined(tuple(used), tuple(needs), tuple(says), tuple(text for _, text in ways))


def _lacking() -> list[set[str]]:
    """What a message may lack: nothing first."""
    return [{name for group in groups for name in group} for size in range(len(MAY_LACK) + 1) for groups in combinations(MAY_LACK, size)]


def _used(field: str, source: str) -> set[str]:
    """The variables of a text, each of the closed list and without a path inside it."""
    try:
        found = _parsed(source).analyze()
    except (LiquidError, RecursionError) as wrong:
        raise IsInvalid(field, "is not a template", error_type=type(wrong).__name__) from None
    for name, places in found.globals.items():
        if name not in VARIABLES or any(len(place.segments) > 1 for place in places):
            raise IsInvalid(field, f"may use {', '.join(VARIABLES)} and nothing inside them")
    for name in found.filters:
        if name not in FILTERS:
            raise IsInvalid(field, f"may use the filters {', '.join(sorted(FILTERS))}")
    return set(found.globals)


def _rendered(source: Text, values: Mapping[str, str]) -> Text | None:
    try:
        return render(source, values)
    except NotRendered:
        return None


@lru_cache(PARSED_KEPT_MAX)
def _parsed(source: str) -> BoundTemplate:
    return _texts.from_string(source)
