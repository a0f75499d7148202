"""Asking our other services: where they are, with our own token, and never in clear over a network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.chassis.rpc.peers import PeerToken, peer_channel
from services.chassis.runtime import SettingsAreWrong
from services.chassis.settings import Settings


async def test_a_peer_on_loopback_may_be_asked_in_clear_and_another_may_not() -> None:
    settings = Settings(peers={"cases": "127.0.0.1:7001", "strategy": "10.0.0.7:7002"})
    await peer_channel(settings, "cases").close()
    with pytest.raises(SettingsAreWrong, match="loopback"):
        peer_channel(settings, "strategy")
    with pytest.raises(SettingsAreWrong, match="payments is missing"):
        peer_channel(settings, "payments")
    await peer_channel(settings.model_copy(update={"plaintext": True}), "strategy").close()


def test_a_token_that_was_renewed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    token = PeerToken(file)
    assert token() == "first"
    file.write_text("second\n")
    os.utime(file, ns=(1, 1))
    assert token() == "second"
