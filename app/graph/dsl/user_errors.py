"""Refusals as the schema shows them: as data in a mutation's payload, or as top-level errors with a code."""

from typing import Any, ClassVar

import structlog
from graphql import GraphQLError

from app.core import errors
from app.core.errors import MASKED, DomainError, ErrorCode
from app.graph.dsl.types import enum, interface, output, scalar
from app.graph.references import OWNER

log = structlog.get_logger("graph")

enum(
    ErrorCode,
    INVALID="The value is malformed, out of range or unknown.",
    REQUIRED="A value is needed, and was absent, null or blank.",
    TOO_MANY="More items than one call may carry.",
    OWNER_REQUIRED="A credential needs a worker or an applicant who holds it.",
    UNSUPPORTED_METADATA="The credential's type does not take this fact or file.",
    UNSUPPORTED_FILE="The content of the file is not one that is taken, whatever its name.",
    FILE_TOO_LARGE="The file is larger than is taken.",
    NOT_FOUND="There is no such record.",
    AMBIGUOUS_OWNER="Several people share the external id; name the source system too.",
    TAKEN="Another record holds this unique value.",
    CONFLICT="The record changed since it was read; read it again.",
    IMMUTABLE="The fact never changes after creation.",
    OWNER_IMMUTABLE="Owners never change through update or replace.",
    DELETED="The record is deleted.",
    NOT_DELETED="The record is not deleted.",
    NOT_ARCHIVED="The record is not archived.",
    TYPE_ARCHIVED="The credential type is archived.",
    CREATION_NOT_ALLOWED="Credentials of this type come from requests only.",
    NOT_UPDATABLE="The credential came from a request and is completed or cancelled.",
    IN_USE="Other records still depend on this one.",
    KEY_ENDED="The API key is revoked or has expired.",
    NOT_PERMITTED="More than the caller may give, set or touch.",
    CONFIRMATION_REQUIRED="What cannot be undone has to be confirmed.",
    ARCHIVED="The record is archived.",
    NOT_LATEST_VERSION="Only the latest version can be edited.",
    APPROVAL_FINAL="The version is decided, and decisions are final in the organization.",
    ALREADY_APPROVED="The version is approved already.",
    ALREADY_REJECTED="The version is rejected already.",
    NOT_REVIEWABLE="The request has not been answered, or is cancelled.",
    NOT_SUBMITTABLE="The credential was not requested, or nobody waits for it any more.",
    ALREADY_SUBMITTED="The worker has answered the request.",
    ALREADY_REQUESTED="An open request asks the worker for this type.",
    REQUEST_OPEN="The request still waits for its worker; remind instead.",
    REQUEST_CLOSED="The request is settled or cancelled.",
    ALREADY_ASSIGNED="The worker holds the position on some of these days.",
    ALREADY_REVOKED="The exemption is revoked already.",
    NOT_VERIFIABLE="No registry verifies the credential, or nobody has provided it yet.",
    NOT_RESOLVABLE="The check does not wait for a person.",
    OWNER_MISMATCH="The credential is not owned by the one it is to be transferred from.",
    LAST_OWNER="A credential keeps at least one owner.",
    ALREADY_LINKED="Somebody else holds the slot.",
    ALREADY_UPLOADED="Another file came to the address before.",
    NOT_UPLOADED="No file came to the address yet.",
    IDEMPOTENCY_MISMATCH="The idempotency key was used with another input.",
)


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

    refusal = errors.Ambiguous


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

_SHOWN_BY = {shown.refusal: shown for shown in USER_ERRORS}


def shown(refusals: list[DomainError]) -> list[UserError]:
    """Refusals as the payload's errors, each as its most precise type."""
    return [_shown(refusal) for refusal in refusals]


def _shown(refusal: DomainError) -> UserError:
    kind = next(_SHOWN_BY[base] for base in type(refusal).__mro__ if base in _SHOWN_BY)
    return kind(message=refusal.message, code=ErrorCode(refusal.code), path=list(refusal.path), **refusal.data)


def describe(error: GraphQLError, code: str, request_id: str) -> dict[str, Any]:
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
