"""How tables and moments look, everywhere the same."""

from __future__ import annotations

from datetime import UTC

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from rich import box
from rich.table import Table
from rich.text import Text

NOTHING = Text("–", style="dim")


def table_frame() -> Table:
    """A line below the names of the columns, and air between them."""
    return Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="dim",
        caption_justify="left",
        caption_style="dim",
        show_edge=False,
    )


def pairs_frame() -> Table:
    """Names at the left, what they stand for at the right."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def moment(wire: Timestamp) -> str:
    """To the minute, UTC."""
    return f"{wire.ToDatetime(UTC):%Y-%m-%d %H:%M}"


def day(wire: Date) -> str:
    return f"{wire.year:04}-{wire.month:02}-{wire.day:02}"


def word_of(name: str, prefix: str) -> str:
    """LIFECYCLE_OPEN as `open`."""
    return name.removeprefix(prefix).lower().replace("_", " ")
