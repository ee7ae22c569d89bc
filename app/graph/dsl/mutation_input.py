"""What the inputs of mutations share."""

import strawberry

from app.graph.dsl.types import input, member


@input
class MutationInput:
    """What every mutation takes."""

    idempotency_key: str | None = member(
        "A key of your choosing: the same key and input within 24 hours gives the first result again, with the record "
        "as it is by then, and has no second effect. With another input it is refused. A refusal is a result too: send "
        "what you corrected with a new key."
    )


@input
class ChangeInput(MutationInput):
    """What every change of a record takes."""

    expected_revision: int | None = member(
        "The revision that you read; if the record has changed since, the call is refused with ConflictError."
    )


@input
class ByIdInput(ChangeInput):
    """A record by its id."""

    id: strawberry.ID = member("The record.", default=...)
