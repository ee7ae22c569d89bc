"""Every refusal of the service, as one tree of exceptions.

    DomainError
    ├── Invalid
    │   ├── Required
    │   ├── TooMany
    │   ├── OwnerRequired
    │   ├── ConfirmationRequired
    │   ├── UnsupportedMetadata
    │   ├── UnsupportedFile
    │   └── FileTooLarge
    ├── NotFound
    ├── AmbiguousOwner
    ├── Taken
    ├── Conflict
    ├── Immutable
    │   └── OwnerImmutable
    ├── WrongState
    │   ├── Deleted
    │   ├── NotDeleted
    │   ├── Archived
    │   ├── NotArchived
    │   ├── TypeArchived
    │   ├── CreationNotAllowed
    │   ├── NotUpdatable
    │   ├── NotLatestVersion
    │   ├── ApprovalFinal
    │   ├── AlreadyApproved
    │   ├── AlreadyRejected
    │   ├── NotReviewable
    │   ├── NotSubmittable
    │   ├── AlreadySubmitted
    │   ├── AlreadyRequested
    │   ├── RequestOpen
    │   ├── RequestClosed
    │   ├── AlreadyAssigned
    │   ├── AlreadyRevoked
    │   ├── NotVerifiable
    │   ├── NotResolvable
    │   ├── OwnerMismatch
    │   ├── LastOwner
    │   ├── AlreadyLinked
    │   ├── AlreadyUploaded
    │   ├── NotUploaded
    │   ├── InUse
    │   └── KeyEnded
    ├── NotPermitted
    │   └── SelfReview
    ├── IdempotencyMismatch
    └── TopLevelError
        ├── Unauthenticated
        ├── MissingScope
        ├── BadPage
        └── BadCursor

A class is the only declaration of its refusal: its code is its name in capitals (`NotFound` is NOT_FOUND), and its
docstring is the description of that code in the schema. A mutation returns refusals as data (`UserError`); a query
returns them as top-level errors with the code in `extensions`. `DomainErrorGroup` carries several refusals of one call.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, ClassVar

InputPath = tuple[str, ...]
"""The position of a value in the input, such as `("identity", "displayName")`."""

MASKED = "The service failed to answer this; tell us the request id."
"""The message that replaces the text of an internal error, which goes to the log only."""


class DomainError(Exception):
    """A refusal: a message for people, a code for programs, and the path of the value in the input.

    `data` holds further fields of the refusal's type in the schema, such as `limit` or `current_revision`.
    """

    code: ClassVar[str]

    def __init_subclass__(cls, *, abstract: bool = False, code: str = "") -> None:
        """Derive the code from the class's name. An abstract class is never raised and has no code."""
        super().__init_subclass__()
        if not abstract:
            cls.code = code or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, message: str, path: InputPath = (), **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.data = data

    def under(self, *prefix: str) -> "DomainError":
        """Prefix the path in place, for an input that is nested in another one, and return the refusal."""
        self.path = (*prefix, *self.path)
        return self


class Invalid(DomainError):
    """The value is malformed, out of range or unknown."""


class Required(Invalid):
    """A value is needed, and was absent, null or blank."""

    def __init__(self, *path: str, message: str | None = None) -> None:
        super().__init__(message or f"{'.'.join(path)} is required", path)


class TooMany(Invalid):
    """More items than one call may carry."""

    def __init__(self, message: str, path: InputPath, *, limit: int) -> None:
        super().__init__(message, path, limit=limit)


class OwnerRequired(Invalid):
    """A credential needs a worker or an applicant who holds it."""


class ConfirmationRequired(Invalid):
    """The operation cannot be undone and was not confirmed."""


class UnsupportedMetadata(Invalid):
    """The credential's type does not accept this field or file."""


class UnsupportedFile(Invalid):
    """The content of the file is not of an accepted format, whatever its name."""


class FileTooLarge(Invalid):
    """The file is larger than the installation accepts."""


class NotFound(DomainError):
    """There is no such record in the organization."""


class AmbiguousOwner(DomainError):
    """Several people share the external id; add the source system."""


class Taken(DomainError):
    """Another record already uses this unique value."""


class Conflict(DomainError):
    """The record changed since it was read; read it again."""

    def __init__(self, path: InputPath, *, current_revision: int) -> None:
        message = f"the record changed since it was read; read it again (it is at revision {current_revision})"
        super().__init__(message, path, current_revision=current_revision)


class Immutable(DomainError):
    """The value never changes after creation."""


class OwnerImmutable(Immutable):
    """Owners change through link, unlink and transfer, never through update or replace."""


class WrongState(DomainError, abstract=True):
    """The record's state does not allow the operation."""


class Deleted(WrongState):
    """The record is deleted."""


class NotDeleted(WrongState):
    """The record is not deleted."""


class Archived(WrongState):
    """The record is archived."""


class NotArchived(WrongState):
    """The record is not archived."""


class TypeArchived(WrongState):
    """The credential type is archived."""


class CreationNotAllowed(WrongState):
    """Credentials of this type are created by requests only."""


class NotUpdatable(WrongState):
    """The credential came from a request that is completed or cancelled."""


class NotLatestVersion(WrongState):
    """Only the latest version can be edited."""


class ApprovalFinal(WrongState):
    """The version is decided, and decisions are final in the organization."""


class AlreadyApproved(WrongState):
    """The version is already approved."""


class AlreadyRejected(WrongState):
    """The version is already rejected."""


class NotReviewable(WrongState):
    """The request is not answered yet, or is cancelled."""


class NotSubmittable(WrongState):
    """The credential has no open request that waits for an answer."""


class AlreadySubmitted(WrongState):
    """The worker has already answered the request."""


class AlreadyRequested(WrongState):
    """An open request already asks the worker for this type."""


class RequestOpen(WrongState):
    """The request still waits for its worker; send a reminder instead."""


class RequestClosed(WrongState):
    """The request is completed or cancelled."""


class AlreadyAssigned(WrongState):
    """The worker already holds the position on some of these days."""


class AlreadyRevoked(WrongState):
    """The exemption is already revoked."""


class NotVerifiable(WrongState):
    """No registry verifies the credential, or the worker has not provided it yet."""


class NotResolvable(WrongState):
    """The check does not wait for a person."""


class OwnerMismatch(WrongState):
    """The credential is not owned by the person it is to be transferred from."""


class LastOwner(WrongState):
    """A credential keeps at least one owner."""


class AlreadyLinked(WrongState):
    """Another person holds the owner slot."""

    def __init__(self, message: str, path: InputPath, *, owner: Any) -> None:
        super().__init__(message, path, owner=owner)


class AlreadyUploaded(WrongState):
    """Another file was already uploaded to the URL."""


class NotUploaded(WrongState):
    """No file was uploaded to the URL yet."""


class InUse(WrongState):
    """Other records still depend on this one."""


class KeyEnded(WrongState):
    """The API key is revoked or has expired."""


class NotPermitted(DomainError):
    """The operation goes beyond what the caller may grant, set or change."""


class SelfReview(NotPermitted):
    """The decision is about the caller's own record, and the organization does not allow that."""


class IdempotencyMismatch(DomainError):
    """The idempotency key was already used with another input."""


class TopLevelError(DomainError, abstract=True):
    """A refusal that is always a top-level error, and never data in a mutation's payload."""


class Unauthenticated(TopLevelError):
    """The request has no API key or token, or one that is not valid."""


class MissingScope(TopLevelError, code="FORBIDDEN"):
    """The caller lacks the scope that the field requires."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs the scope {scope}", scope=scope)


class BadPage(TopLevelError):
    """The arguments first, last, after and before contradict each other."""


class BadCursor(TopLevelError):
    """The cursor was not issued by this list."""


class DomainErrorGroup(Exception):
    """Several refusals of one call, so that a form can show all of them."""

    def __init__(self, errors: Iterable[DomainError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(error.message for error in self.errors))


def _concrete(base: type[DomainError]) -> Iterator[type[DomainError]]:
    for cls in base.__subclasses__():
        if "code" in vars(cls):
            yield cls
        if cls is not TopLevelError:
            yield from _concrete(cls)


MUTATION_ERRORS = tuple(_concrete(DomainError))
"""Every refusal that a mutation can return as data, in the order of the tree."""

ErrorCode = StrEnum("ErrorCode", {error.code: error.code for error in MUTATION_ERRORS})  # type: ignore[misc]
# mypy wants the members written out; nothing uses one of them by its name.
ErrorCode.__doc__ = "The codes that a mutation's errors carry."


def raise_if_refused(refusal: DomainError | None, at: InputPath | None = None) -> None:
    """Raise the refusal unless it is None; `at` replaces its path in the input."""
    if refusal is not None:
        refusal.path = refusal.path if at is None else at
        raise refusal


@contextmanager
def collect_refusals(errors: list[DomainError], *under: str) -> Iterator[None]:
    """Append the refusals raised in the block to `errors`, their paths prefixed with `under`, and go on."""
    try:
        yield
    except DomainErrorGroup as group:
        errors += [error.under(*under) for error in group.errors]
    except DomainError as error:
        errors.append(error.under(*under))
