"""`acuerdo token`: a development token, for other programs: `grpcurl -H "authorization: Bearer $(acuerdo token)" …`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking

app = App(name="token", help="Print the access token in use, for another program.")


@app.default
def token(
    *,
    role: Annotated[str, Parameter(help="A token of this role alone, e.g. auditor; left out: the one in use, with all roles.")] = "",
    ask: Asking = ASKING,
) -> None:
    """Print the access token in use, for another program."""
    print(ask.endpoints.token(role))
