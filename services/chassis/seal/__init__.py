"""Seal: personal data readable only with the key of its data subject; destroying the key erases it everywhere at once."""

from services.chassis.seal.seals import Seals
from services.chassis.seal.subjects import SealIsBroken, Subject

__all__ = ["SealIsBroken", "Seals", "Subject"]
