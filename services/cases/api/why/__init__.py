"""Why: each fact of a case's story in a few words, for people. No personal data: what is sealed stays sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from services.cases.api.why.commitments import COMMITMENTS
from services.cases.api.why.elsewhere import ELSEWHERE
from services.cases.api.why.grounds import GROUNDS
from services.cases.api.why.hands import HANDS
from services.cases.api.why.life import LIFE, arrears
from services.cases.api.why.stops import STOPS
from services.cases.api.why.wording import code, day, money

__all__ = ["WHY", "arrears", "code", "day", "money", "why"]


def why(fact: Message) -> str:
    return WHY[type(fact)](fact)


WHY: Mapping[type[Message], Callable[[Any], str]] = {**LIFE, **STOPS, **GROUNDS, **HANDS, **COMMITMENTS, **ELSEWHERE}
"""Every fact of a case's stream has its words."""
