"""The whole of acuerdo.payments.v1.Payments, put together from its parts."""

from acuerdo.payments.v1 import payments_pb2_grpc

from services.payments.api.cobros import Cobros
from services.payments.api.lists import Lists
from services.payments.api.orders import Orders
from services.payments.api.questions import Questions
from services.payments.api.receipts import Receipts
from services.payments.api.sources import Sources


class PaymentsApi(Sources, Receipts, Cobros, Orders, Questions, Lists, payments_pb2_grpc.PaymentsServicer):
    """Asked over gRPC: reads the request, calls the application, words the reply. Translates and nothing else."""
