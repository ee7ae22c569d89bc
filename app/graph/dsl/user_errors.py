"""Domain errors in the schema: `UserError` types in a mutation's payload, and top-level errors with a code."""

from typing import Any, ClassVar

import structlog
from graphql import GraphQLError

from app.core import errors
from app.core.errors import MASKED, MUTATION_ERRORS, DomainError, ErrorCode
from app.graph.dsl.types import enum, interface, output, scalar
from app.graph.type_references import OWNER

log = structlog.get_logger("graph")

enum(ErrorCode, **{error.code: error.__doc__ or "" for error in MUTATION_ERRORS})


@interface
class UserError:
    """An error that refused a mutation or, in a bulk mutation, one item. Nothing was changed."""

    error_class: ClassVar[type[DomainError]] = DomainError
    """The domain errors of this type, except those that a type for a subclass represents."""

    message: str = scalar("The error message, for people to read.")
    code: ErrorCode = scalar("The error code, for programs.")
    path: list[str] = scalar(
        'The path of the invalid input field, such as `["identification", "referenceNumber"]`. Empty for the input.'
    )


@output
class InvalidError(UserError):
    """An input value is missing, malformed, out of range or does not fit the other values."""

    error_class = errors.Invalid


@output
class TooManyError(UserError):
    """The input has more items than one call accepts."""

    error_class = errors.TooMany
    limit: int = scalar("The maximum number of items in one call.")


@output
class NotFoundError(UserError):
    """A record that the input refers to does not exist."""

    error_class = errors.NotFound


@output
class AmbiguousOwnerError(UserError):
    """Several people share the external id. Name the source system too."""

    error_class = errors.AmbiguousOwner


@output
class TakenError(UserError):
    """Another record has this unique value."""

    error_class = errors.Taken


@output
class ConflictError(UserError):
    """The record changed after the expected revision. Read it again."""

    error_class = errors.Conflict
    current_revision: int = scalar("The current revision of the record.")


@output
class ImmutableError(UserError):
    """The field never changes, or not through this mutation."""

    error_class = errors.Immutable


@output
class StateError(UserError):
    """The state of the record does not allow the mutation."""

    error_class = errors.WrongState


@output
class AlreadyLinkedError(UserError):
    """The credential already has another owner of this type. Transfer the credential instead."""

    error_class = errors.AlreadyLinked
    owner: OWNER | None = scalar("The current owner.")


@output
class NotPermittedError(UserError):
    """The viewer has the mutation's scope but may not perform this change."""

    error_class = errors.NotPermitted


@output
class IdempotencyMismatchError(UserError):
    """The idempotency key was used before with another input."""

    error_class = errors.IdempotencyMismatch


USER_ERRORS: tuple[type[UserError], ...] = (
    InvalidError,
    TooManyError,
    NotFoundError,
    AmbiguousOwnerError,
    TakenError,
    ConflictError,
    ImmutableError,
    StateError,
    AlreadyLinkedError,
    NotPermittedError,
    IdempotencyMismatchError,
)

_TYPE_BY_ERROR_CLASS = {error_type.error_class: error_type for error_type in USER_ERRORS}


def to_user_errors(errors: list[DomainError]) -> list[UserError]:
    """Return domain errors as members of a payload, each of its most specific type."""
    return [_to_user_error(error) for error in errors]


def _to_user_error(error: DomainError) -> UserError:
    error_type = next(_TYPE_BY_ERROR_CLASS[base] for base in type(error).__mro__ if base in _TYPE_BY_ERROR_CLASS)
    return error_type(message=error.message, code=ErrorCode(error.code), path=list(error.path), **error.data)


def format_error(error: GraphQLError, code: str, request_id: str) -> dict[str, Any]:
    """Return a top-level error as the response shows it. An unexpected error is logged and its message masked.

    `code` is for an error that GraphQL itself found in the text, its validity or its variables.
    """
    formatted: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    extensions: dict[str, Any] = {"code": code, "requestId": request_id}
    if isinstance(cause, DomainError):
        data = {"inputPath": list(cause.path), **cause.data} if cause.path else cause.data
        extensions |= {"code": str(cause.code), **data}
    elif cause is not None and not isinstance(cause, GraphQLError):
        log.error("resolver failed", request_id=request_id, path=error.path, exc_info=cause)
        formatted["message"] = MASKED
        extensions["code"] = "INTERNAL"
    formatted["extensions"] = extensions
    return formatted
