"""The part of an actor that the database and list packages need: the rows that it may see."""

from collections.abc import Hashable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement

from app.db.records import Record


class Principal(Protocol):
    """The part of an actor that reads rows."""

    @property
    def organization_id(self) -> str:
        """The organization whose rows the principal sees."""

    @property
    def time_zone(self) -> ZoneInfo:
        """The zone in which the organization's days begin."""

    @property
    def expiring_soon_days(self) -> int:
        """The days before its expiry in which a credential counts as expiring soon."""

    @property
    def reads_workers(self) -> bool:
        """True if the principal may read the workers that it sees."""

    @property
    def reads_applicants(self) -> bool:
        """True if the principal may read applicants."""

    @property
    def is_restricted(self) -> bool:
        """True if the principal sees some workers only, and no applicants."""

    @property
    def visibility_key(self) -> Hashable:
        """A key that is the same for principals whose conditions differ only in their ids."""

    @property
    def slot_values(self) -> Mapping[str, Any]:
        """The values for the slots of `template`."""

    def template(self) -> "Principal":
        """Return a principal with slots in place of its ids, for a statement that all of its sort share."""

    def visible_rows(self, table: type[Record]) -> ColumnElement[bool]:
        """Return the condition that every query of a table starts from."""
