"""The whole of acuerdo.contacts.v1.Messages, put together from its parts."""

from acuerdo.contacts.v1 import messages_pb2_grpc

from services.contacts.api.messages_contacting import Contacting
from services.contacts.api.messages_showing import Showing
from services.contacts.api.messages_templates import Templates


class MessagesApi(Templates, Contacting, Showing, messages_pb2_grpc.MessagesServicer):
    """Built by the front door with what the desk needs."""
