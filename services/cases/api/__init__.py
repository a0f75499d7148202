"""Asked over gRPC: reads the request, calls the application, words the reply. Translates and nothing else."""

from services.cases.api.servicer import CasesApi

__all__ = ["CasesApi"]
