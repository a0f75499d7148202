"""`acuerdo client`: whoever entrusts debts to us."""

from __future__ import annotations

from acuerdo.cases.v1 import service_pb2 as cases
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.reading import id_of

app = App(name="client", help="Clients: whoever entrusts debts to us.")


@app.command
async def register(ref: str, name: str, *, ask: Asking = ASKING) -> None:
    """Register a client. Asked twice, registered once.

    Parameters
    ----------
    ref
        Your own reference of the client.
    name
        Name of the company.
    """
    async with ask.doors() as doors:
        request = cases.RegisterClientRequest(request_id=id_of("client", ref, name), external_ref=ref, name=name)
        answer = await doors.cases.RegisterClient(request)
    ask.answer(answer, answer.client_id)
