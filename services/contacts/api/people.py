"""The whole of acuerdo.contacts.v1.People, put together from its parts."""

from acuerdo.contacts.v1 import people_pb2_grpc

from services.contacts.api.people_agreements import Agreements
from services.contacts.api.people_files import Files
from services.contacts.api.people_finding import Finding
from services.contacts.api.people_identities import Identities
from services.contacts.api.people_merges import Merges
from services.contacts.api.people_points import Points
from services.contacts.api.people_registering import Registering


class PeopleApi(Registering, Finding, Identities, Points, Agreements, Merges, Files, people_pb2_grpc.PeopleServicer):
    """Built by the front door with what the desk needs."""
