"""The mutations of positions and assignments."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.graph.dsl.bulk_payload import BulkResult, bulk_payload
from app.graph.dsl.fields import mutation, old_name
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.positions.position import Assignment, Position
from app.workers import assignments, positions

WRITE: dict[str, Any] = {"scope": Scope.REQUIREMENTS_WRITE}


@input
class PositionContent:
    """The fields of a position."""

    name: str | None = member("The name. Required.")
    external_id: str | None = member("The id in the source system. Unique in the organization.")
    description: str | None = member("The description, up to 2,000 characters.")
    org_unit: strawberry.ID | None = member("The id of the org unit that the position belongs to.")


@input
class PositionCreateInput(PositionContent, MutationInput):
    """The fields of the new position."""


@input
class PositionUpdateInput(PositionContent, ByIdInput):
    """The position and the fields to change. Absent fields keep their values; null clears them."""


@input
class PositionArchiveInput(ByIdInput):
    """The position to archive."""


@input
class PositionUnarchiveInput(ByIdInput):
    """The archived position to bring back."""


@input
class PositionAssignInput(MutationInput):
    """The position, and the workers to assign to it for a period."""

    position: strawberry.ID = member("The id of the position.", default=...)
    workers: list[strawberry.ID] = member("The ids of up to 500 workers.", default=...)
    starts_on: date | None = member("The first day. Defaults to today.")
    ends_on: date | None = member("The last day. Open-ended by default.")


@input
class PositionUnassignInput(ByIdInput):
    """The assignment to end, named by `id`, and its last day."""

    ends_on: date | None = member("The last day. Defaults to today. A day before the first day removes the assignment.")


@input
class PositionMoveInput(ByIdInput):
    """The assignment to end, named by `id`, and the worker's next position."""

    position: strawberry.ID = member("The id of the next position.", default=...)
    starts_on: date | None = member(
        "The first day in the next position. Defaults to today. The assignment ends on the day before, and is removed "
        "if it would then end before its first day."
    )
    ends_on: date | None = member("The last day in the next position. Open-ended by default.")


@output
class AssignmentResult(BulkResult):
    """The result of assigning one worker."""

    worker_id: strawberry.ID = scalar("The id of the worker, as sent.")
    assignment: Assignment | None = scalar("The new assignment; null if refused.")


POSITION_PAYLOAD: dict[str, Any] = {"position": (Position, "The position after the mutation; null if refused.")}
POSITION_UNARCHIVE = mutation(
    "positionUnarchive",
    positions.unarchive,
    PositionUnarchiveInput,
    "Bring a position back from the archive.",
    **WRITE,
    **POSITION_PAYLOAD,
)
MUTATIONS = [
    mutation(
        "positionCreate", positions.create, PositionCreateInput, "Create a position.", **WRITE, **POSITION_PAYLOAD
    ),
    mutation(
        "positionUpdate",
        positions.update,
        PositionUpdateInput,
        "Update the sent fields of a position.",
        **WRITE,
        **POSITION_PAYLOAD,
    ),
    mutation(
        "positionArchive",
        positions.archive,
        PositionArchiveInput,
        "Archive a position. It takes no new assignments; its rules still apply to the workers who hold it.",
        **WRITE,
        **POSITION_PAYLOAD,
    ),
    POSITION_UNARCHIVE,
    old_name("positionRestore", POSITION_UNARCHIVE),
    mutation(
        "positionAssign",
        assignments.assign,
        PositionAssignInput,
        "Assign up to 500 workers to a position. Each worker succeeds or fails alone. Rules may raise requests.",
        **WRITE,
        **bulk_payload(AssignmentResult, "The number of workers assigned."),
    ),
    mutation(
        "positionUnassign",
        assignments.unassign,
        PositionUnassignInput,
        "End an assignment after a day, or remove it if it would end before its first day.",
        **WRITE,
        assignment=(Assignment, "The assignment after the mutation, or before its removal; null if refused."),
        removed=(bool, "True if the assignment was removed."),
    ),
    mutation(
        "positionMove",
        assignments.move,
        PositionMoveInput,
        "Move a worker to another position: end one assignment and begin the next.",
        **WRITE,
        ended=(Assignment, "The assignment that ended, after the mutation or before its removal; null if refused."),
        removed=(bool, "True if the assignment was removed, because it would have ended before its first day."),
        assignment=(Assignment, "The assignment to the next position; null if refused."),
    ),
]
