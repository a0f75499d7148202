"""Topics: what is said to Kafka's client, whose own defaults are unsafe."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.follower import topics
from services.chassis.follower.topics import Kafka


@pytest.mark.parametrize("is_idempotent", [True, False])
def test_the_producer_says_every_setting_that_matters(is_idempotent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the embedded broker does without numbered batches, and nobody without every replica's word."""
    said: dict[str, Any] = {}
    monkeypatch.setattr(topics, "AIOKafkaProducer", lambda **settings: said.update(settings))

    topics.producer(Kafka("127.0.0.1:1", is_idempotent=is_idempotent))

    assert said["acks"] == "all"
    assert said["enable_idempotence"] is is_idempotent


def test_batches_are_numbered_unless_told_otherwise() -> None:
    assert Kafka("127.0.0.1:1").is_idempotent
