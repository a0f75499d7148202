"""The watchdog: begins again what stands still for no reason it can name, and gives up when that does not help."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis.follower import listening
from services.chassis.follower import watchdog as module
from services.chassis.follower.listening import Listener
from services.chassis.follower.marks import At
from services.chassis.follower.watchdog import IsStuck, MadeNoProgress, Watchdog


@dataclass
class Standing:
    """A listener as the watchdog sees it."""

    is_behind: bool = True
    trouble: str = ""
    is_waiting: bool = False
    position: int = 7
    progressed_at: float = 0.0
    at: Any = field(default_factory=lambda: SimpleNamespace(partition=3))


class Time:
    now = 1000.0


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    for timed in (module, listening):
        monkeypatch.setattr(timed, "monotonic", lambda: time.now)
    return time


def look(dog: Watchdog, *listeners: Any) -> None:
    dog.heard_a_head()
    dog.look(listeners)


def test_what_has_nothing_to_hear_may_stand_still(time: Time) -> None:
    dog = Watchdog("f", "s")
    time.now += 100

    look(dog, Standing(is_behind=False), Standing(trouble="SourceUnreachable"))


def test_what_is_behind_without_progress_is_begun_again_and_given_up_the_third_time(time: Time) -> None:
    dog = Watchdog("f", "s")
    for _ in range(2):
        time.now += 29
        look(dog, Standing())
        time.now += 2
        with pytest.raises(MadeNoProgress):
            look(dog, Standing())
        dog.begin()
    time.now += 31
    with pytest.raises(IsStuck):
        look(dog, Standing())


def test_a_new_consumer_is_no_progress_by_itself(time: Time) -> None:
    """Listeners are made after each new beginning, as the part does it."""
    dog = Watchdog("f", "s")

    def begin_again() -> Any:
        time.now += 1
        dog.begin()
        time.now += 0.1
        listener = Listener(None, At("f", "s", 1, 3), SimpleNamespace(position=7), None)  # type: ignore[arg-type]  # it is only looked at
        listener.head_position = 8
        return listener

    for expected in (MadeNoProgress, MadeNoProgress, IsStuck):
        listener = begin_again()
        time.now += 1
        look(dog, listener)
        time.now += 31
        with pytest.raises(expected):
            look(dog, listener)


def test_progress_is_forgiven(time: Time) -> None:
    dog = Watchdog("f", "s")
    for _ in range(5):
        time.now += 31
        with pytest.raises(MadeNoProgress):
            look(dog, Standing())
        dog.begin()
        time.now += 1
        look(dog, Standing(progressed_at=time.now))


def test_news_after_a_long_silence_is_no_standstill(time: Time) -> None:
    """Looked at between the arrival of a fact and its effects, after an hour in which there was nothing to hear."""
    dog = Watchdog("f", "s")
    for _ in range(3_600):
        time.now += 1
        look(dog, Standing(is_behind=False))
    time.now += 1

    look(dog, Standing(progressed_at=1_000.0))


def test_a_silent_source_is_asked_over_a_new_connection(time: Time) -> None:
    dog = Watchdog("f", "s")
    time.now += 31

    with pytest.raises(MadeNoProgress):
        dog.look([Standing(is_behind=False)])  # type: ignore[list-item]
