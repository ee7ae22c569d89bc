"""The part of an actor that the database package needs: which rows it may see."""

from collections.abc import Hashable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from app.db.records import Record


class Principal(Protocol):
    """Who looks at a list: the part of an actor that reading needs."""

    @property
    def organization_id(self) -> str: ...
    @property
    def time_zone(self) -> ZoneInfo: ...
    @property
    def expiring_soon_days(self) -> int: ...
    @property
    def reach(self) -> Hashable: ...
    @property
    def ids(self) -> Mapping[str, Any]: ...
    def anybody(self) -> "Principal": ...
    def sees(self, table: type[Record]) -> ColumnElement[bool]: ...
