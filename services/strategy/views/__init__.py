"""Read models of strategy: built from our own log (`VIEWS`); which cases nothing wakes (`find_calls`)."""

from services.strategy.views.calling import find_calls
from services.strategy.views.writing import VIEWS

__all__ = ["VIEWS", "find_calls"]
