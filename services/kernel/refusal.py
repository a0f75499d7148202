"""Refusals: the named ways in which the business says no. The name is the rule; its gRPC status stands in one table in chassis/rpc."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Refusal(Exception):
    """A rule of the business forbids it. Nothing is stored but the refusal itself (FAILED_PRECONDITION).

    The class name is a true sentence (`CaseIsClosed`); `facts` are what the rule saw, as words without personal data.
    """

    reason: ClassVar[str] = "REFUSAL"

    def __init_subclass__(cls) -> None:
        cls.reason = _WORD_START.sub("_", cls.__name__).upper()
        super().__init_subclass__()

    def __init__(self, **facts: Any) -> None:
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The rule in a person's words: the class's docstring, first line, else its name."""
        said = (type(self).__doc__ or "").strip().split("\n")[0]
        return said or _WORD_START.sub(" ", type(self).__name__)


class IsUnknown(Refusal):
    """There is no such thing, or none that the caller may see. (NOT_FOUND: the two are not told apart.)"""


class AlreadyExists(Refusal):
    """Another one has this name already. (ALREADY_EXISTS.)"""


class IsInvalid(Refusal):
    """A value breaks a rule that no state could make true. (INVALID_ARGUMENT.)

    `field` is the path of the field in the request, so that the caller can point at it.
    """

    def __init__(self, field: str, description: str, **facts: Any) -> None:
        self.field = field
        self.description = description
        super().__init__(field=field, description=description, **facts)


class AreInvalid(Refusal):
    """Several values break rules. (INVALID_ARGUMENT, with every one of them.)"""

    def __init__(self, broken: Sequence[IsInvalid]) -> None:
        self.broken = tuple(broken)
        super().__init__(broken=len(self.broken))
