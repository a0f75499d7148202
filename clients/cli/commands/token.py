"""`acuerdo token`: the development token, for other programs: `grpcurl -H "authorization: Bearer $(acuerdo token)" …`."""

from __future__ import annotations

from cyclopts import App

from clients.cli.asking import ASKING, Asking

app = App(name="token", help="Print the access token in use, for another program.")


@app.default
def token(*, ask: Asking = ASKING) -> None:
    """Print the access token in use, for another program."""
    print(ask.endpoints.token())
