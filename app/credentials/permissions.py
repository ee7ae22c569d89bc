"""Which operation a credential's state allows. Pure: the mutations and `viewerCan…` ask the same functions.

Each function gives None, or why the operation is refused. What each state forbids:

| state     | forbids                                                                   | code               |
|-----------|---------------------------------------------------------------------------|--------------------|
| deleted   | everything but undelete and, where it is archived too, purge              | DELETED            |
| archived  | update, add and edit a version, approve, reject, verify, archive again    | ARCHIVED           |
|           | add and remove files                                                      |                    |
| live      | restore, purge; undelete                                                  | NOT_…              |
| completed | update, add and edit a version and its files, of what came from a request | NOT_UPDATABLE      |
| rejected  | edit the version and its files, of what came from a request               | NOT_UPDATABLE      |
| requested | approve and reject, while nobody has answered; cancelled likewise         | NOT_REVIEWABLE     |
|           | verify, likewise                                                          | NOT_VERIFIABLE     |
| submitted | submit again                                                              | ALREADY_SUBMITTED  |
| other     | submit: only what is requested can be                                     | NOT_SUBMITTABLE    |
| decided   | the same decision again; any, where decisions are final                   | ALREADY_…, …_FINAL |
"""

from app.core.errors import (
    AlreadyApproved,
    AlreadyLinked,
    AlreadyRejected,
    AlreadySubmitted,
    ApprovalFinal,
    Archived,
    ConfirmationRequired,
    CreationNotAllowed,
    Deleted,
    DomainError,
    LastOwner,
    NotArchived,
    NotDeleted,
    NotLatestVersion,
    NotReviewable,
    NotSubmittable,
    NotUpdatable,
    NotVerifiable,
    TypeArchived,
)
from app.credential_types.tables import CreationPolicy, CredentialType
from app.credentials.tables import Approval, Credential, CredentialVersion, Intake, OwnerType

UPDATABLE = frozenset({Intake.DIRECT, Intake.REQUESTED, Intake.SUBMITTED})
REVIEWABLE = frozenset({Intake.DIRECT, Intake.SUBMITTED, Intake.COMPLETED})
ANSWERABLE = frozenset({Intake.REQUESTED, Intake.SUBMITTED})
UNANSWERED = frozenset({Intake.REQUESTED, Intake.CANCELLED})
DECIDED = frozenset({Approval.APPROVED, Approval.REJECTED})
ID = ("id",)

READS = (
    *("intake", "archived_at", "deleted_at", "latest_approval"),
    *("is_verifiable", "worker_id", "applicant_id"),
)
"""The columns that the rules about a credential as it is look at."""


def create(kind: CredentialType) -> DomainError | None:
    """Create a credential of a type."""
    path = ("identification", "credentialType")
    if kind.archived_at is not None:
        return TypeArchived(f"the credential type {kind.code} is archived", path)
    if kind.creation_policy is CreationPolicy.REQUEST_ONLY:
        return CreationNotAllowed(f"credentials of type {kind.code} come from requests only", path)
    return None


def update(credential: Credential) -> DomainError | None:
    """Update or replace it, or add a version."""
    if credential.intake not in UPDATABLE:
        return _live(credential) or NotUpdatable(
            "a requested credential can be updated only until it is completed or cancelled", ID
        )
    return _live(credential)


def submit(credential: Credential) -> DomainError | None:
    """Answer the request for it."""
    if credential.intake is Intake.SUBMITTED:
        rejected = credential.latest_approval is Approval.REJECTED
        instead = "add another version" if rejected else "update it, or add another version"
        return _live(credential) or AlreadySubmitted(f"it is submitted already; {instead}", ID)
    if credential.intake is not Intake.REQUESTED:
        # Said of an archived one too, such as of a request that was cancelled: restoring it would be of no use.
        return _undeleted(credential) or NotSubmittable("nobody waits for an answer", ID)
    return _live(credential)


def edit_version(credential: Credential, version: CredentialVersion, *, final: bool) -> DomainError | None:
    """Edit one of its versions."""
    if version.id != credential.latest_version_id:
        return _live(credential) or NotLatestVersion("only the latest version can be edited; add a version instead", ID)
    return edit_latest(credential, final=final)


def edit_latest(credential: Credential, *, final: bool) -> DomainError | None:
    """Edit its latest version: none that was decided for good, and no answer that was rejected."""
    if final and credential.latest_approval in DECIDED:
        return _live(credential) or ApprovalFinal("decisions are final in this organization", ID)
    if credential.intake in ANSWERABLE and credential.latest_approval is Approval.REJECTED:
        return _live(credential) or NotUpdatable("what was rejected stays on record; add another version", ID)
    return update(credential)


def attach(credential: Credential, *, final: bool) -> DomainError | None:
    """Add a file to its latest version; while it is requested, to what waits to be handed in."""
    return _live(credential) if credential.intake is Intake.REQUESTED else edit_latest(credential, final=final)


def discard(credential: Credential) -> DomainError | None:
    """Remove a file that belongs to no version."""
    return _live(credential)


def approve(credential: Credential, approval: Approval | None = None, *, final: bool) -> DomainError | None:
    """Approve one of its versions, which stands at `approval`; the latest when not given."""
    approval = approval or credential.latest_approval
    if approval is Approval.APPROVED and not final:
        return _reviewable(credential) or AlreadyApproved("the version is already approved", ID)
    return _decidable(credential, approval, final)


def reject(credential: Credential, approval: Approval | None = None, *, final: bool) -> DomainError | None:
    """Reject one of its versions, which stands at `approval`; the latest when not given."""
    approval = approval or credential.latest_approval
    if approval is Approval.REJECTED and not final:
        return _reviewable(credential) or AlreadyRejected("the version is already rejected", ID)
    return _decidable(credential, approval, final)


def verify(credential: Credential) -> DomainError | None:
    """Ask its registry."""
    if credential.intake in UNANSWERED:
        return _live(credential) or NotVerifiable("nobody has answered this request", ID)
    if not credential.is_verifiable:
        return _live(credential) or NotVerifiable("no registry verifies this credential", ID)
    return _live(credential)


def is_rejected(credential: Credential) -> bool:
    """Whether a reviewer turned it down and nothing older stands: no check overturns that, only another decision."""
    return credential.latest_approval is Approval.REJECTED and credential.effective_version_id is None


def own(credential: Credential) -> DomainError | None:
    """Link or transfer it."""
    return _undeleted(credential)


def link_any(credential: Credential) -> DomainError | None:
    """Link it to somebody who does not hold it yet."""
    if credential.worker_id is not None and credential.applicant_id is not None:
        return _undeleted(credential) or AlreadyLinked("both of its slots are held", ("to",), owner=None)
    return _undeleted(credential)


def unlink(credential: Credential, slot: OwnerType) -> DomainError | None:
    """Take an owner away; one that is not there is already away."""
    others = credential.applicant_id if slot is OwnerType.WORKER else credential.worker_id
    if others is None:
        return _undeleted(credential) or LastOwner("a credential keeps at least one owner", ("ownerType",))
    return _undeleted(credential)


def unlink_any(credential: Credential) -> DomainError | None:
    """Take one of its owners away."""
    return unlink(credential, OwnerType.WORKER) or unlink(credential, OwnerType.APPLICANT)


def archive(credential: Credential) -> DomainError | None:
    """Put it away."""
    return _live(credential)


def restore(credential: Credential) -> DomainError | None:
    """Take it out of the archive."""
    if credential.archived_at is None:
        return _undeleted(credential) or NotArchived("the credential is not archived", ID)
    return _undeleted(credential)


def delete(credential: Credential) -> DomainError | None:
    """Delete it softly."""
    return _undeleted(credential)


def undelete(credential: Credential) -> DomainError | None:
    """Undo its deletion."""
    return NotDeleted("the credential is not deleted", ID) if credential.deleted_at is None else None


def purge(credential: Credential, *, confirmed: bool = True) -> DomainError | None:
    """Remove it for good."""
    if credential.archived_at is None:
        return NotArchived("only an archived credential can be purged; archive it first", ID)
    if not confirmed:
        return ConfirmationRequired("purging cannot be undone; send confirm: true", ("confirm",))
    return None


def _undeleted(credential: Credential) -> DomainError | None:
    return None if credential.deleted_at is None else Deleted("the credential is deleted; undelete it first", ID)


def _live(credential: Credential) -> DomainError | None:
    if credential.archived_at is not None:
        return _undeleted(credential) or Archived("the credential is archived; restore it first", ID)
    return _undeleted(credential)


def _reviewable(credential: Credential) -> DomainError | None:
    if credential.intake not in REVIEWABLE:
        return _live(credential) or NotReviewable("nobody has answered this request", ID)
    return _live(credential)


def _decidable(credential: Credential, approval: Approval, final: bool) -> DomainError | None:
    if final and approval in DECIDED:
        return _reviewable(credential) or ApprovalFinal("decisions are final in this organization", ID)
    return _reviewable(credential)
