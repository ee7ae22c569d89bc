"""Refusals as the schema shows them: as data in a mutation's payload, or as top-level errors with a code."""

from typing import Any, ClassVar

import structlog
from graphql import GraphQLError

from app.core import errors
from app.core.errors import MASKED, MUTATION_ERRORS, DomainError, ErrorCode
from app.graph.dsl.types import enum, interface, output, scalar
from app.graph.references import OWNER

log = structlog.get_logger("graph")

enum(ErrorCode, **{error.code: error.__doc__ or "" for error in MUTATION_ERRORS})


@interface
class UserError:
    """Why a mutation refused. Nothing was changed."""

    refusal: ClassVar[type[DomainError]] = DomainError
    """The refusals that the type shows, but for those that another type shows more precisely."""

    message: str = scalar("What was wrong, in a sentence for people.")
    code: ErrorCode = scalar("What was wrong, for programs.")
    path: list[str] = scalar('Where in the input: `["identification", "referenceNumber"]`. Empty for the whole.')


@output
class InvalidError(UserError):
    """A value of the input is missing, malformed, out of range or does not fit."""

    refusal = errors.Invalid


@output
class TooManyError(UserError):
    """The input holds more items than one call may carry."""

    refusal = errors.TooMany
    limit: int = scalar("The most items that one call may carry.")


@output
class NotFoundError(UserError):
    """A record that the input names does not exist."""

    refusal = errors.NotFound


@output
class AmbiguousOwnerError(UserError):
    """An external id is shared by several people, and the service does not guess."""

    refusal = errors.AmbiguousOwner


@output
class TakenError(UserError):
    """A value that must be unique is another record's."""

    refusal = errors.Taken


@output
class ConflictError(UserError):
    """The record changed since the caller read it."""

    refusal = errors.Conflict
    current_revision: int = scalar("The record's revision now.")


@output
class ImmutableError(UserError):
    """A fact that never changes, or not through this mutation."""

    refusal = errors.Immutable


@output
class StateError(UserError):
    """The record's state does not allow the operation."""

    refusal = errors.WrongState


@output
class AlreadyLinkedError(UserError):
    """Somebody else holds the slot; transfer the credential instead."""

    refusal = errors.AlreadyLinked
    owner: OWNER | None = scalar("Who holds it.")


@output
class NotPermittedError(UserError):
    """The caller holds the mutation's scope, and yet may not do this."""

    refusal = errors.NotPermitted


@output
class IdempotencyMismatchError(UserError):
    """The idempotency key was used before, with another input."""

    refusal = errors.IdempotencyMismatch


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

_TYPE_BY_REFUSAL = {to_user_errors.refusal: to_user_errors for to_user_errors in USER_ERRORS}


def shown(refusals: list[DomainError]) -> list[UserError]:
    """Refusals as the payload's errors, each as its most precise type."""
    return [_to_user_error(refusal) for refusal in refusals]


def _to_user_error(refusal: DomainError) -> UserError:
    kind = next(_TYPE_BY_REFUSAL[base] for base in type(refusal).__mro__ if base in _TYPE_BY_REFUSAL)
    return kind(message=refusal.message, code=ErrorCode(refusal.code), path=list(refusal.path), **refusal.data)


def format_error(error: GraphQLError, code: str, request_id: str) -> dict[str, Any]:
    """A top-level error for the response; whatever we did not mean to say is logged and masked.

    `code` is for an error that GraphQL itself found: in the text, its validity or its variables.
    """
    answer: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    extensions: dict[str, Any] = {"code": code, "requestId": request_id}
    if isinstance(cause, DomainError):
        data = {"inputPath": list(cause.path), **cause.data} if cause.path else cause.data
        extensions |= {"code": str(cause.code), **data}
    elif cause is not None and not isinstance(cause, GraphQLError):
        log.error("resolver failed", request_id=request_id, path=error.path, exc_info=cause)
        answer["message"] = MASKED
        extensions["code"] = "INTERNAL"
    answer["extensions"] = extensions
    return answer
