"""Changes of positions, and of who holds them."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.dsl.user_errors import UserError
from app.graph.positions.position import Assignment, Position
from app.workers import assignments, positions

WRITE: dict[str, Any] = {"scope": Scope.REQUIREMENTS_WRITE}


@input
class PositionContent:
    """What can be written of a position."""

    name: str | None = member("The name. Required.")
    external_id: str | None = member("The id in the system of record, unique in the organization.")
    description: str | None = member("What there is to know about it, in up to 2,000 characters.")
    org_unit: strawberry.ID | None = member("The org unit that it belongs to.")


@input
class PositionCreateInput(PositionContent, MutationInput):
    """A new position."""


@input
class PositionUpdateInput(PositionContent, ByIdInput):
    """A position and what to change: what is absent stays as it is, what is null is cleared."""


@input
class PositionArchiveInput(ByIdInput):
    """A position to take out of use."""


@input
class PositionRestoreInput(ByIdInput):
    """A position to bring back into use."""


@input
class PositionAssignInput(MutationInput):
    """Workers to give a position."""

    position: strawberry.ID = member("The position.", default=...)
    workers: list[strawberry.ID] = member("Up to 500 workers.", default=...)
    from_: date | None = member("The first day; today when not given.", name="from")
    to: date | None = member("The last day; none when not given.")


@input
class PositionUnassignInput(ByIdInput):
    """An assignment to end. `id` is the assignment's."""

    to: date | None = member(
        "The last day; today when not given. One before the first day removes the assignment: it never was."
    )


@input
class PositionMoveInput(ByIdInput):
    """An assignment to end, and the position that its worker holds next. `id` is the assignment's."""

    position: strawberry.ID = member("The next position.", default=...)
    on: date | None = member(
        "The first day in it, today when not given; the assignment ends the day before. On its own first day or "
        "before, the assignment is removed: it never was."
    )
    to: date | None = member("The last day in the next position; none when not given.")


@output
class AssignmentResult:
    """What became of one worker."""

    worker_id: strawberry.ID = scalar("The id as it was sent.")
    assignment: Assignment | None = scalar("The assignment; null when refused.")
    errors: list[UserError] = refusals("Why it was refused.")


_ONE: dict[str, Any] = {"position": (Position, "The position as it is now; null when refused.")}
MUTATIONS = [
    mutation("positionCreate", positions.create, PositionCreateInput, "Adds a position.", **WRITE, **_ONE),
    mutation(
        "positionUpdate", positions.update, PositionUpdateInput, "Changes what is sent of a position.", **WRITE, **_ONE
    ),
    mutation(
        "positionArchive",
        positions.archive,
        PositionArchiveInput,
        "Takes a position out of use: nobody is assigned to it any more. Its rules hold for those who hold it.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "positionRestore",
        positions.restore,
        PositionRestoreInput,
        "Brings an archived position back into use.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "positionAssign",
        assignments.assign,
        PositionAssignInput,
        "Gives up to 500 workers a position, from a day on; each stands alone. What its rules ask is requested.",
        **WRITE,
        **each(AssignmentResult, "How many were assigned."),
    ),
    mutation(
        "positionUnassign",
        assignments.unassign,
        PositionUnassignInput,
        "Ends a worker's assignment after a day, or removes one that never was.",
        **WRITE,
        assignment=(Assignment, "The assignment as it is now, or as it was; null when refused."),
        removed=(bool, "Whether it was removed."),
    ),
    mutation(
        "positionMove",
        assignments.move,
        PositionMoveInput,
        "Ends a worker's assignment and begins another on a day.",
        **WRITE,
        ended=(Assignment, "The assignment that ended, as it is now or as it was; null when refused."),
        removed=(bool, "Whether it was removed, since it would have ended before it began."),
        assignment=(Assignment, "The assignment that follows it; null when refused."),
    ),
]
