"""rpc: the front edge of a service. `Rpc` serves; `words` translate; the interceptors each have a file of their own."""

from services.chassis.rpc.around import Context
from services.chassis.rpc.server import Rpc

__all__ = ["Context", "Rpc"]
