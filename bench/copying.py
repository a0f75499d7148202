"""Copies of a database, so that each round begins with the same log."""

from __future__ import annotations

import psycopg
from psycopg import conninfo, sql

from bench.place import Place


def copied(place: Place, original: str) -> str:
    """DSN of a copy. Nobody may be connected to the original."""
    dsn = place.database()
    names = [sql.Identifier(str(conninfo.conninfo_to_dict(each)["dbname"])) for each in (dsn, original)]
    with psycopg.connect(place.server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {}").format(names[0]))
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
    return dsn
