"""`acuerdo up`: everything on this machine, with a real portfolio played, until Ctrl-C. The work is done in dev.stack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from clients.cli.asking import ASKING
from clients.cli.words import Lang

app = App(name="up", help="Start everything on this machine, play a portfolio, show it; stays up until Ctrl-C.")

HOME = Path(".run/acuerdo")


@app.default
def up(
    *,
    lang: Annotated[Lang, Parameter(env_var="ACUERDO_LANG")] = ASKING.lang,
    kafka: Annotated[str | None, Parameter(env_var="ACUERDO_KAFKA")] = None,
    postgres: Annotated[str | None, Parameter(env_var="ACUERDO_POSTGRES")] = None,
    data: Path = HOME,
) -> int:
    """Start everything on this machine, play a portfolio, show it; stays up until Ctrl-C and starts again from its data.

    Parameters
    ----------
    lang
        Language of the output.
    kafka
        HOST:PORT of a Kafka that runs already; else a small broker is started here.
    postgres
        DSN of a PostgreSQL that runs already; else one is started here.
    data
        Folder in which everything is kept, to start again from.
    """
    # The one place where a client reaches into the house: it starts the house.
    from dev.stack import up as start

    return start(lang=lang, kafka=kafka, postgres=postgres, data=data)
