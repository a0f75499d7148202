"""Read models of cases: built from our own log (`VIEWS`), asked by `CaseTables`."""

from services.cases.views.asking import AgingGroup, CandidatesAsked, CaseFilter, CaseTables, Look, WorklistAsked
from services.cases.views.writing import VIEWS

__all__ = ["VIEWS", "AgingGroup", "CandidatesAsked", "CaseFilter", "CaseTables", "Look", "WorklistAsked"]
