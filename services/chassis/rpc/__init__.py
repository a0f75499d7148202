"""rpc: the front edge of a service. `Rpc` serves; `words` translate; `around` puts together what stands around each call."""

from services.chassis.rpc.call import Context
from services.chassis.rpc.server import Rpc

__all__ = ["Context", "Rpc"]
