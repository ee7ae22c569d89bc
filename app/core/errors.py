"""Every refusal of the service, drawn as one tree.

    DomainError
    ├── Invalid                 INVALID               malformed, out of range, or unknown value
    │   ├── Required            REQUIRED              absent, null or blank where a value is needed
    │   ├── TooMany             TOO_MANY              more items than one call may carry
    │   ├── OwnerRequired       OWNER_REQUIRED        a credential without an owner
    │   ├── ConfirmationRequired CONFIRMATION_REQUIRED what cannot be undone was not confirmed
    │   ├── UnsupportedMetadata UNSUPPORTED_METADATA  a fact or file that the credential's type does not take
    │   ├── UnsupportedFile     UNSUPPORTED_FILE      a file whose content is not taken
    │   └── FileTooLarge        FILE_TOO_LARGE        a file larger than the installation takes
    ├── NotFound                NOT_FOUND             no such record, or another organization's
    ├── Ambiguous               AMBIGUOUS_OWNER       one external id, several people
    ├── Taken                   TAKEN                 a unique value that another record holds
    ├── Conflict                CONFLICT              the record changed since it was read
    ├── Immutable               IMMUTABLE             a fact that never changes after creation
    │   └── OwnerImmutable      OWNER_IMMUTABLE       owners change through link, unlink and transfer only
    ├── WrongState              (its own code)        the record's state does not allow it
    │   ├── Deleted             DELETED
    │   ├── NotDeleted          NOT_DELETED
    │   ├── Archived            ARCHIVED
    │   ├── NotArchived         NOT_ARCHIVED
    │   ├── TypeArchived        TYPE_ARCHIVED
    │   ├── CreationNotAllowed  CREATION_NOT_ALLOWED
    │   ├── NotUpdatable        NOT_UPDATABLE
    │   ├── NotLatestVersion    NOT_LATEST_VERSION
    │   ├── ApprovalFinal       APPROVAL_FINAL
    │   ├── AlreadyApproved     ALREADY_APPROVED
    │   ├── AlreadyRejected     ALREADY_REJECTED
    │   ├── NotReviewable       NOT_REVIEWABLE        a request that nobody has answered, or that is cancelled
    │   ├── NotSubmittable      NOT_SUBMITTABLE       nobody waits for an answer
    │   ├── AlreadySubmitted    ALREADY_SUBMITTED     the request is answered
    │   ├── AlreadyRequested    ALREADY_REQUESTED     an open request asks the worker for it
    │   ├── RequestOpen         REQUEST_OPEN          the request still waits; remind instead
    │   ├── RequestClosed       REQUEST_CLOSED        the request is settled or cancelled
    │   ├── AlreadyAssigned     ALREADY_ASSIGNED      the worker holds the position on some of these days
    │   ├── AlreadyRevoked      ALREADY_REVOKED       an exemption that was taken back
    │   ├── NotVerifiable       NOT_VERIFIABLE        no registry verifies it, or nobody has answered the request
    │   ├── NotResolvable       NOT_RESOLVABLE        a check that no person has to settle
    │   ├── OwnerMismatch       OWNER_MISMATCH        it is not owned by the one it is transferred from
    │   ├── LastOwner           LAST_OWNER            a credential keeps at least one owner
    │   ├── AlreadyLinked       ALREADY_LINKED        the slot is held by somebody else
    │   ├── AlreadyUploaded     ALREADY_UPLOADED      another file came to the address before
    │   ├── NotUploaded         NOT_UPLOADED          no file came to the address yet
    │   ├── InUse               IN_USE
    │   └── KeyEnded            KEY_ENDED             a revoked or expired API key
    ├── NotPermitted            NOT_PERMITTED         more than the caller may give, set or touch
    ├── IdempotencyMismatch     IDEMPOTENCY_MISMATCH  the key was used with another input
    ├── Unauthenticated         UNAUTHENTICATED       no key or token, or one that is not valid (any more)
    ├── MissingScope            FORBIDDEN             the caller lacks the field's scope
    ├── BadPage                 BAD_PAGE              first, last, after and before do not fit together
    └── BadCursor               BAD_CURSOR            a cursor that this list did not give
    Refused                                           several of them at once

A mutation answers these as data (`UserError`); a query as a top-level error with the code in its extensions.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, ClassVar

Path = tuple[str, ...]

MASKED = "The service failed to answer this; tell us the request id."
"""What is said of a fault, whose own words are for the log alone."""


class ErrorCode(StrEnum):
    """The codes that a mutation's errors carry."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    TOO_MANY = "TOO_MANY"
    OWNER_REQUIRED = "OWNER_REQUIRED"
    CONFIRMATION_REQUIRED = "CONFIRMATION_REQUIRED"
    UNSUPPORTED_METADATA = "UNSUPPORTED_METADATA"
    UNSUPPORTED_FILE = "UNSUPPORTED_FILE"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    NOT_FOUND = "NOT_FOUND"
    AMBIGUOUS_OWNER = "AMBIGUOUS_OWNER"
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    IMMUTABLE = "IMMUTABLE"
    OWNER_IMMUTABLE = "OWNER_IMMUTABLE"
    DELETED = "DELETED"
    NOT_DELETED = "NOT_DELETED"
    ARCHIVED = "ARCHIVED"
    NOT_ARCHIVED = "NOT_ARCHIVED"
    TYPE_ARCHIVED = "TYPE_ARCHIVED"
    CREATION_NOT_ALLOWED = "CREATION_NOT_ALLOWED"
    NOT_UPDATABLE = "NOT_UPDATABLE"
    NOT_LATEST_VERSION = "NOT_LATEST_VERSION"
    APPROVAL_FINAL = "APPROVAL_FINAL"
    ALREADY_APPROVED = "ALREADY_APPROVED"
    ALREADY_REJECTED = "ALREADY_REJECTED"
    NOT_REVIEWABLE = "NOT_REVIEWABLE"
    NOT_SUBMITTABLE = "NOT_SUBMITTABLE"
    ALREADY_SUBMITTED = "ALREADY_SUBMITTED"
    ALREADY_REQUESTED = "ALREADY_REQUESTED"
    REQUEST_OPEN = "REQUEST_OPEN"
    REQUEST_CLOSED = "REQUEST_CLOSED"
    ALREADY_ASSIGNED = "ALREADY_ASSIGNED"
    ALREADY_REVOKED = "ALREADY_REVOKED"
    NOT_VERIFIABLE = "NOT_VERIFIABLE"
    NOT_RESOLVABLE = "NOT_RESOLVABLE"
    OWNER_MISMATCH = "OWNER_MISMATCH"
    LAST_OWNER = "LAST_OWNER"
    ALREADY_LINKED = "ALREADY_LINKED"
    ALREADY_UPLOADED = "ALREADY_UPLOADED"
    NOT_UPLOADED = "NOT_UPLOADED"
    IN_USE = "IN_USE"
    KEY_ENDED = "KEY_ENDED"
    NOT_PERMITTED = "NOT_PERMITTED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"


class DomainError(Exception):
    """A refusal: what was wrong, where in the input, and a code that programs can act on."""

    code: ClassVar[str]

    def __init__(self, message: str, path: Path = (), **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.data = data

    def under(self, *prefix: str) -> "DomainError":
        """The same refusal, seen from an input in which it lies deeper."""
        self.path = (*prefix, *self.path)
        return self


class Invalid(DomainError):
    code = ErrorCode.INVALID


class Required(Invalid):
    code = ErrorCode.REQUIRED

    def __init__(self, *path: str, message: str | None = None) -> None:
        super().__init__(message or f"{'.'.join(path)} is required", path)


class TooMany(Invalid):
    code = ErrorCode.TOO_MANY

    def __init__(self, message: str, path: Path, *, limit: int) -> None:
        super().__init__(message, path, limit=limit)


class OwnerRequired(Invalid):
    code = ErrorCode.OWNER_REQUIRED


class ConfirmationRequired(Invalid):
    code = ErrorCode.CONFIRMATION_REQUIRED


class UnsupportedMetadata(Invalid):
    code = ErrorCode.UNSUPPORTED_METADATA


class UnsupportedFile(Invalid):
    code = ErrorCode.UNSUPPORTED_FILE


class FileTooLarge(Invalid):
    code = ErrorCode.FILE_TOO_LARGE


class NotFound(DomainError):
    code = ErrorCode.NOT_FOUND


class Ambiguous(DomainError):
    code = ErrorCode.AMBIGUOUS_OWNER


class Taken(DomainError):
    code = ErrorCode.TAKEN


class Conflict(DomainError):
    code = ErrorCode.CONFLICT

    def __init__(self, path: Path, *, current_revision: int) -> None:
        message = f"the record changed since it was read; it is now at revision {current_revision}"
        super().__init__(message, path, current_revision=current_revision)


class Immutable(DomainError):
    code = ErrorCode.IMMUTABLE


class OwnerImmutable(Immutable):
    code = ErrorCode.OWNER_IMMUTABLE


class WrongState(DomainError):
    """The record is not in a state that allows the operation."""


class Deleted(WrongState):
    code = ErrorCode.DELETED


class NotDeleted(WrongState):
    code = ErrorCode.NOT_DELETED


class Archived(WrongState):
    code = ErrorCode.ARCHIVED


class NotArchived(WrongState):
    code = ErrorCode.NOT_ARCHIVED


class TypeArchived(WrongState):
    code = ErrorCode.TYPE_ARCHIVED


class CreationNotAllowed(WrongState):
    code = ErrorCode.CREATION_NOT_ALLOWED


class NotUpdatable(WrongState):
    code = ErrorCode.NOT_UPDATABLE


class NotLatestVersion(WrongState):
    code = ErrorCode.NOT_LATEST_VERSION


class ApprovalFinal(WrongState):
    code = ErrorCode.APPROVAL_FINAL


class AlreadyApproved(WrongState):
    code = ErrorCode.ALREADY_APPROVED


class AlreadyRejected(WrongState):
    code = ErrorCode.ALREADY_REJECTED


class NotReviewable(WrongState):
    code = ErrorCode.NOT_REVIEWABLE


class NotSubmittable(WrongState):
    code = ErrorCode.NOT_SUBMITTABLE


class AlreadySubmitted(WrongState):
    code = ErrorCode.ALREADY_SUBMITTED


class AlreadyRequested(WrongState):
    code = ErrorCode.ALREADY_REQUESTED


class RequestOpen(WrongState):
    code = ErrorCode.REQUEST_OPEN


class RequestClosed(WrongState):
    code = ErrorCode.REQUEST_CLOSED


class AlreadyAssigned(WrongState):
    code = ErrorCode.ALREADY_ASSIGNED


class AlreadyRevoked(WrongState):
    code = ErrorCode.ALREADY_REVOKED


class NotVerifiable(WrongState):
    code = ErrorCode.NOT_VERIFIABLE


class NotResolvable(WrongState):
    code = ErrorCode.NOT_RESOLVABLE


class OwnerMismatch(WrongState):
    code = ErrorCode.OWNER_MISMATCH


class LastOwner(WrongState):
    code = ErrorCode.LAST_OWNER


class AlreadyLinked(WrongState):
    code = ErrorCode.ALREADY_LINKED

    def __init__(self, message: str, path: Path, *, owner: Any) -> None:
        super().__init__(message, path, owner=owner)


class AlreadyUploaded(WrongState):
    code = ErrorCode.ALREADY_UPLOADED


class NotUploaded(WrongState):
    code = ErrorCode.NOT_UPLOADED


class InUse(WrongState):
    code = ErrorCode.IN_USE


class KeyEnded(WrongState):
    code = ErrorCode.KEY_ENDED


class NotPermitted(DomainError):
    code = ErrorCode.NOT_PERMITTED


class IdempotencyMismatch(DomainError):
    code = ErrorCode.IDEMPOTENCY_MISMATCH


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"


class MissingScope(DomainError):
    code = "FORBIDDEN"

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs the scope {scope}", scope=scope)


class BadPage(DomainError):
    code = "BAD_PAGE"


class BadCursor(DomainError):
    code = "BAD_CURSOR"


def allow(refusal: DomainError | None, at: Path | None = None) -> None:
    """Go on unless something stands against it; `at` tells where in the input it lies, if not where it says."""
    if refusal is not None:
        refusal.path = refusal.path if at is None else at
        raise refusal


@contextmanager
def gathering(errors: list[DomainError], *under: str) -> Iterator[None]:
    """Add what is refused within to the others, so that a caller is told all at once; `under` tells where it lies."""
    try:
        yield
    except Refused as refused:
        errors += [error.under(*under) for error in refused.errors]
    except DomainError as error:
        errors.append(error.under(*under))


class Refused(Exception):
    """Several refusals of one call, so that a form can show them all."""

    def __init__(self, errors: Iterable[DomainError]) -> None:
        self.errors = list(errors)
        super().__init__("; ".join(error.message for error in self.errors))
