"""Filters and sort keys for lists of positions and assignments."""

from datetime import date
from enum import StrEnum
from typing import Any

from app.access import Scope
from app.graph.dsl.filter_inputs import ExactFilter, IDFilter, StringFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, member


@where_input
class PositionWhere:
    """Filters for positions."""

    name: StringFilter | None = member("Match the name.")
    external_id: ExactFilter | None = member("Match the id in the source system.")
    org_unit: IDFilter | None = member("Match the id of the position's org unit.")


class PositionOrderField(StrEnum):
    """The fields that positions can be sorted by."""

    NAME = "name"


enum(PositionOrderField, NAME="Sort by name, ignoring case and accents. The default.")
PositionOrder = sort_key(PositionOrderField, "positions")


@where_input
class AssignmentWhere:
    """Filters for assignments."""

    worker: IDFilter | None = member("Match the id of the assigned worker.")
    position: IDFilter | None = member("Match the id of the position.")
    as_of: date | None = member("Match assignments that are in force on this day.")


class AssignmentOrderField(StrEnum):
    """The fields that assignments can be sorted by."""

    STARTS_ON = "startsOn"


enum(AssignmentOrderField, STARTS_ON="Sort by first day. The default, latest first.")
AssignmentOrder = sort_key(AssignmentOrderField, "assignments")
READ: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}
POSITION_LIST: dict[str, Any] = {"where": PositionWhere, "order": PositionOrder, **READ}
ASSIGNMENT_LIST: dict[str, Any] = {"where": AssignmentWhere, "order": AssignmentOrder, **READ}
