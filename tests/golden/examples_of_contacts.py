"""One example of each fact of contacts, in streams that can be folded: put together from its areas, one line each."""

from __future__ import annotations

from collections.abc import Iterator

from services.kernel.facts import Fact, Stream
from tests.golden import examples_of_messages, examples_of_people, examples_of_permits


def streams() -> Iterator[tuple[type[Stream], list[Fact]]]:
    """Each stream with its facts in order."""
    yield from examples_of_messages.streams()
    yield from examples_of_people.streams()
    yield from examples_of_permits.streams()
