"""The whole of acuerdo.cases.v1.Cases, put together from its parts."""

from acuerdo.cases.v1 import service_pb2_grpc

from services.cases.api.acknowledgements import Acknowledgements
from services.cases.api.assignments import Assignments
from services.cases.api.batches import Batches
from services.cases.api.casework import Casework
from services.cases.api.circumstances import Circumstances
from services.cases.api.complaints import Complaints
from services.cases.api.creditor import Creditor
from services.cases.api.disputes import Disputes
from services.cases.api.dossiers import Dossiers
from services.cases.api.explanations import Explanations
from services.cases.api.hardships import Hardships
from services.cases.api.lists import Lists
from services.cases.api.portfolios import Portfolios
from services.cases.api.punctuality import Punctuality
from services.cases.api.questionnaires import Questionnaires
from services.cases.api.questions import Questions
from services.cases.api.readings import Readings
from services.cases.api.reports import Reports
from services.cases.api.stops import Stops
from services.cases.api.story import Story
from services.cases.api.workforce import Workforce
from services.cases.api.worklists import Worklists


class CasesApi(
    Portfolios,
    Batches,
    Casework,
    Reports,
    Stops,
    Acknowledgements,
    Punctuality,
    Disputes,
    Dossiers,
    Questionnaires,
    Readings,
    Questions,
    Story,
    Explanations,
    Circumstances,
    Hardships,
    Complaints,
    Creditor,
    Lists,
    Workforce,
    Assignments,
    Worklists,
    service_pb2_grpc.CasesServicer,
):
    """Built by the front door with what the desk needs."""
