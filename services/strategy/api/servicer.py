"""The whole of acuerdo.strategy.v1.Strategy, put together from its parts."""

from acuerdo.strategy.v1 import service_pb2_grpc

from services.strategy.api.decisions import Decisions
from services.strategy.api.graphs import Graphs
from services.strategy.api.tables import Tables
from services.strategy.api.treatments import Treatments


class StrategyApi(Tables, Graphs, Treatments, Decisions, service_pb2_grpc.StrategyServicer):
    """Built by the front door with what the desk needs."""
