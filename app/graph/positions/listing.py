"""How lists of positions and assignments are filtered and sorted."""

from datetime import date
from enum import StrEnum
from typing import Any

from app.access import Scope
from app.graph.dsl.filter_inputs import ExactFilter, IDFilter, StringFilter
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member


@input
class PositionWhere:
    """Which positions. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["PositionWhere"] | None = member("All of these must hold.")
    OR: list["PositionWhere"] | None = member("One of these must hold.")
    NOT: "PositionWhere | None" = member("This must not hold.")
    name: StringFilter | None = member("Its name.")
    external_id: ExactFilter | None = member("Its id in the system of record.")
    org_unit: IDFilter | None = member("The org unit that it belongs to.")


class PositionOrderField(StrEnum):
    """What positions can be sorted by."""

    NAME = "name"


enum(PositionOrderField, NAME="The name, ignoring case. The default.")
PositionOrder = sort_key(PositionOrderField, "positions")


@input
class AssignmentWhere:
    """Which assignments. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["AssignmentWhere"] | None = member("All of these must hold.")
    OR: list["AssignmentWhere"] | None = member("One of these must hold.")
    NOT: "AssignmentWhere | None" = member("This must not hold.")
    worker: IDFilter | None = member("Who is assigned.")
    position: IDFilter | None = member("To which position.")
    on: date | None = member("In force on this day.")


class AssignmentOrderField(StrEnum):
    """What assignments can be sorted by."""

    FROM = "from"


enum(AssignmentOrderField, FROM="The day they begin. The default, latest first.")
AssignmentOrder = sort_key(AssignmentOrderField, "assignments")
READ: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}
POSITION_LIST: dict[str, Any] = {"where": PositionWhere, "order": PositionOrder, **READ}
ASSIGNMENT_LIST: dict[str, Any] = {"where": AssignmentWhere, "order": AssignmentOrder, **READ}
