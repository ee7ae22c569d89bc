"""The input fields that mutations share."""

import strawberry

from app.graph.dsl.types import input, member


@input
class MutationInput:
    """The input of any mutation."""

    idempotency_key: str | None = member(
        "A unique key of the caller's choosing. A repeated call with the same key and input within 24 hours has no "
        "second effect: it returns the first result, with the record's current values. The same key with another "
        "input is refused. A refusal is stored as a result too: send the corrected input with a new key."
    )


@input
class ChangeInput(MutationInput):
    """The input of a mutation that changes a record."""

    expected_revision: int | None = member(
        "The revision that the change is based on. If the record has changed since, the call is refused with "
        "`ConflictError`."
    )


@input
class ByIdInput(ChangeInput):
    """The input of a mutation that changes a record named by its id."""

    id: strawberry.ID = member("The id of the record.", default=...)
