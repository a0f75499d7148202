"""Asked over gRPC: reads the request, calls the application, words the reply. Translates and nothing else."""

from services.strategy.api.servicer import StrategyApi

__all__ = ["StrategyApi"]
