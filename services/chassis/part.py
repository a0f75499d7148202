"""A part of a running service: started in order, stopped in reverse, loud when it fails."""

from typing import Protocol


class Part(Protocol):
    """What the runtime runs: the rpc server, the relay, followers, timers, views."""

    name: str

    async def start(self) -> None:
        """Return once it serves; raise when it cannot."""

    async def stop(self) -> None:
        """Finish what is in hand, answer whoever waits, let go of leases. Called once, also after a failed `wait`."""

    async def wait(self) -> None:
        """Return after `stop`; raise when the part has failed and the process should end."""
