"""The whole of acuerdo.contacts.v1.Permits, put together from its parts."""

from acuerdo.contacts.v1 import permit_service_pb2_grpc

from services.contacts.api.permit_asking import PermitAsking
from services.contacts.api.permit_packs import PermitPacks
from services.contacts.api.permit_reports import PermitReports


class PermitsApi(PermitAsking, PermitReports, PermitPacks, permit_service_pb2_grpc.PermitsServicer):
    """Built by the front door with what the desk needs."""
