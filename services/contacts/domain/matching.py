"""Matching: what speaks for two persons being one, and how much. Whether they are is for somebody to decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.contacts.domain.merging import MatchEvidence

SCORE_MAX = 1_000
SCORE_MIN_SHOWN = 250
"""Less than a shared name says nothing."""


def weighed(shared: Iterable[str]) -> tuple[MatchEvidence, ...]:
    """Evidence of each kind that is shared, the strongest first; several of one kind count once."""
    found = [MatchEvidence(kind, WEIGHT_OF[kind]) for kind in dict.fromkeys(shared) if kind in WEIGHT_OF]
    return tuple(sorted(found, key=lambda each: (-each.score, each.kind)))


def score(evidence: Iterable[MatchEvidence], *, is_contradicted: bool) -> int:
    """Out of 1000. Two different numbers of one kind speak for two persons, whatever they share: a household shares a telephone."""
    total = min(SCORE_MAX, sum(each.score for each in evidence))
    return total // 4 if is_contradicted else total


WEIGHT_OF: Mapping[str, int] = {
    "NATIONAL_ID": 900,
    "REFERENCE": 700,
    "EMAIL": 400,
    "PHONE": 350,
    "ACCOUNT": 350,
    "NAME": 250,
    "BIRTH_DATE": 200,
    "POSTAL": 150,
}
"""House weights: what is shared by how many, as far as we know; to be replaced by measured ones when reviews have taught us."""
