"""Findings: what is wrong with a strategy, each by the rule it breaks and the place it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from services.kernel.refusal import AreInvalid, IsInvalid


class Rule(Enum):
    """The rules of a sound strategy."""

    DOCUMENT_IS_BROKEN = "DOCUMENT_IS_BROKEN"
    UNKNOWN_WORD = "UNKNOWN_WORD"
    MISSING_WORD = "MISSING_WORD"
    WRONG_VALUE = "WRONG_VALUE"
    UNKNOWN_STEP = "UNKNOWN_STEP"
    UNREACHABLE_STEP = "UNREACHABLE_STEP"
    DEAD_END = "DEAD_END"
    NO_EXIT = "NO_EXIT"
    NO_PAYMENT_METHOD = "NO_PAYMENT_METHOD"
    METHOD_NOT_ON_CHANNEL = "METHOD_NOT_ON_CHANNEL"
    TEMPLATE_REFERENCE = "TEMPLATE_REFERENCE"
    LOOP_WITHOUT_WAIT = "LOOP_WITHOUT_WAIT"
    TABLE = "TABLE"
    UNKNOWN_SEGMENT = "UNKNOWN_SEGMENT"


@dataclass(frozen=True, slots=True)
class Finding:
    """`field` is the path in the document: steps.remind.message.pay."""

    rule: Rule
    field: str
    description: str


class StrategyIsUnsound(AreInvalid):
    """The strategy breaks rules: each finding names one, and where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__([IsInvalid(f"document.{each.field}", each.description, rule=each.rule.name) for each in findings])
