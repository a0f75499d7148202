"""Asked over gRPC: reads the request, calls the application, words the reply. Translates and nothing else."""

from services.cases.api.promises import PromisesApi
from services.cases.api.servicer import CasesApi
from services.cases.api.sight import Sight

__all__ = ["CasesApi", "PromisesApi", "Sight"]
