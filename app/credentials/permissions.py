"""The operations that a credential's state allows. Pure: mutations and the `viewerCan…` fields call the same functions.

Each function returns None or the refusal. The operations that each state forbids:

| state     | forbids                                                                   | code               |
|-----------|---------------------------------------------------------------------------|--------------------|
| deleted   | everything but undelete and purge                                         | DELETED            |
| ownerless | everything but purge, link, unlink and transfer, if all owners are        | DELETED            |
|           | deleted: a transfer to a living owner saves the credential                |                    |
| archived  | update, add and edit a version, approve, reject, verify, archive again    | ARCHIVED           |
|           | add and remove files                                                      |                    |
| live      | unarchive, purge; undelete                                                | NOT_…              |
| completed | update, add and edit a version and its files, of what came from a request | NOT_UPDATABLE      |
| rejected  | edit the version and its files, of what came from a request               | NOT_UPDATABLE      |
| requested | approve and reject, while nobody has answered; cancelled likewise         | NOT_REVIEWABLE     |
|           | verify, likewise                                                          | NOT_VERIFIABLE     |
| submitted | submit again                                                              | ALREADY_SUBMITTED  |
| other     | submit: only what is requested can be                                     | NOT_SUBMITTABLE    |
| own       | approve, reject and resolve, by its worker, unless the organization allows it | SELF_REVIEW   |
| anybody's | link and transfer it to oneself, likewise                                 | SELF_REVIEW        |
| decided   | the same decision again; any, where decisions are final                   | ALREADY_…, …_FINAL |
"""

from app.access import ReviewPolicy
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
    SelfReview,
    TypeArchived,
)
from app.credential_types.tables import CreationPolicy, CredentialType
from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion, IntakeStatus, OwnerType

UPDATABLE = frozenset({IntakeStatus.DIRECT, IntakeStatus.REQUESTED, IntakeStatus.SUBMITTED})
REVIEWABLE = frozenset({IntakeStatus.DIRECT, IntakeStatus.SUBMITTED, IntakeStatus.COMPLETED})
ANSWERABLE = frozenset({IntakeStatus.REQUESTED, IntakeStatus.SUBMITTED})
UNANSWERED = frozenset({IntakeStatus.REQUESTED, IntakeStatus.CANCELLED})
DECIDED = frozenset({ApprovalStatus.APPROVED, ApprovalStatus.REJECTED})
ID_PATH = ("id",)

READS = (
    *("intake", "archived_at", "deleted_at", "living_owner", "latest_approval"),
    *("is_verifiable", "worker_id", "applicant_id"),
)
"""The columns that rules about a credential alone read."""


def create(credential_type: CredentialType) -> DomainError | None:
    """Return the refusal to create a credential of a type, if any."""
    path = ("identification", "credentialType")
    if credential_type.archived_at is not None:
        return TypeArchived(f"the credential type {credential_type.code} is archived", path)
    if credential_type.creation_policy is CreationPolicy.REQUEST_ONLY:
        return CreationNotAllowed(f"credentials of type {credential_type.code} come from requests only", path)
    return None


def update(credential: Credential) -> DomainError | None:
    """Return the refusal to update or replace a credential or to add a version, if any."""
    if credential.intake not in UPDATABLE:
        return _live(credential) or NotUpdatable(
            "a requested credential can be updated only until it is completed or cancelled", ID_PATH
        )
    return _live(credential)


def submit(credential: Credential) -> DomainError | None:
    """Return the refusal to submit a requested credential, if any."""
    if credential.intake is IntakeStatus.SUBMITTED:
        rejected = credential.latest_approval is ApprovalStatus.REJECTED
        alternative = "add another version" if rejected else "update it, or add another version"
        return _live(credential) or AlreadySubmitted(f"the credential is already submitted; {alternative}", ID_PATH)
    if credential.intake is not IntakeStatus.REQUESTED:
        # An archived credential gets this refusal too: restoring a cancelled request would not make it submittable.
        return _undeleted(credential) or NotSubmittable("only a requested credential can be submitted", ID_PATH)
    return _live(credential)


def edit_version(credential: Credential, version: CredentialVersion, *, policy: ReviewPolicy) -> DomainError | None:
    """Return the refusal to edit a version, if any."""
    if version.id != credential.latest_version_id:
        return _live(credential) or NotLatestVersion(
            "only the latest version can be edited; add a version instead", ID_PATH
        )
    return edit_latest(credential, policy=policy)


def edit_latest(credential: Credential, *, policy: ReviewPolicy) -> DomainError | None:
    """Return the refusal to edit the latest version, if any.

    A version with a final decision and a rejected submission stay as they are.
    """
    if policy.decisions_are_final and credential.latest_approval in DECIDED:
        return _live(credential) or ApprovalFinal("decisions are final in this organization", ID_PATH)
    if credential.intake in ANSWERABLE and credential.latest_approval is ApprovalStatus.REJECTED:
        return _live(credential) or NotUpdatable("a rejected version stays on record; add another version", ID_PATH)
    return update(credential)


def attach(credential: Credential, *, policy: ReviewPolicy) -> DomainError | None:
    """Return the refusal to add a file, if any: to the latest version or, while requested, to the waiting files."""
    return _live(credential) if credential.intake is IntakeStatus.REQUESTED else edit_latest(credential, policy=policy)


def discard(credential: Credential) -> DomainError | None:
    """Return the refusal to remove a file that belongs to no version, if any."""
    return _live(credential)


def approve(
    credential: Credential, approval: ApprovalStatus | None = None, *, policy: ReviewPolicy
) -> DomainError | None:
    """Return the refusal to approve a version, if any. `approval` is the version's, by default the latest version's."""
    approval = approval or credential.latest_approval
    if approval is ApprovalStatus.APPROVED and not policy.decisions_are_final:
        return _reviewable(credential, policy) or AlreadyApproved("the version is already approved", ID_PATH)
    return _decidable(credential, approval, policy)


def reject(
    credential: Credential, approval: ApprovalStatus | None = None, *, policy: ReviewPolicy
) -> DomainError | None:
    """Return the refusal to reject a version, if any. `approval` is the version's, by default the latest version's."""
    approval = approval or credential.latest_approval
    if approval is ApprovalStatus.REJECTED and not policy.decisions_are_final:
        return _reviewable(credential, policy) or AlreadyRejected("the version is already rejected", ID_PATH)
    return _decidable(credential, approval, policy)


def verify(credential: Credential) -> DomainError | None:
    """Return the refusal to check a credential with its registry, if any."""
    if credential.intake in UNANSWERED:
        return _live(credential) or NotVerifiable("the requested credential was not submitted", ID_PATH)
    if not credential.is_verifiable:
        return _live(credential) or NotVerifiable(
            "no registry verifies this credential; see verification.verifiable", ID_PATH
        )
    return _live(credential)


def resolve(credential: Credential, *, policy: ReviewPolicy) -> DomainError | None:
    """Return the refusal to resolve a check that needs a review, if any."""
    return verify(credential) or _self_review(credential, policy)


def is_rejected(credential: Credential) -> bool:
    """Report whether a credential was rejected and no older version is effective. Only another review reverses that."""
    return credential.latest_approval is ApprovalStatus.REJECTED and credential.effective_version_id is None


def own(credential: Credential) -> DomainError | None:
    """Return the refusal to link or transfer a credential, if any. Owners who are deleted do not prevent it."""
    return _not_deleted_itself(credential)


def receive(to: str, *, policy: ReviewPolicy) -> DomainError | None:
    """Return the refusal to give a credential to a further owner, whose id is `to`, if any.

    Otherwise people would hand their credential to a colleague, or to an applicant, decide about it there, and take it
    back.
    """
    if policy.is_own(to):
        return SelfReview("to: nobody gives themselves a credential; ask somebody else", ("to",))
    return None


def link_any(credential: Credential) -> DomainError | None:
    """Return the refusal to link a further owner, if any."""
    if credential.worker_id is not None and credential.applicant_id is not None:
        return own(credential) or AlreadyLinked(
            "the credential has a worker and an applicant already; unlink one first", ("to",), owner=None
        )
    return own(credential)


def unlink(credential: Credential, slot: OwnerType) -> DomainError | None:
    """Return the refusal to remove the owner from a slot, if any. An empty slot may be unlinked."""
    other_owner = credential.applicant_id if slot is OwnerType.WORKER else credential.worker_id
    if other_owner is None:
        return own(credential) or LastOwner("a credential keeps at least one owner", ("ownerType",))
    return own(credential)


def unlink_any(credential: Credential) -> DomainError | None:
    """Return the refusal to remove either owner, if any."""
    return unlink(credential, OwnerType.WORKER) or unlink(credential, OwnerType.APPLICANT)


def archive(credential: Credential) -> DomainError | None:
    """Return the refusal to archive a credential, if any."""
    return _live(credential)


def unarchive(credential: Credential) -> DomainError | None:
    """Return the refusal to unarchive a credential, if any."""
    if credential.archived_at is None:
        return _undeleted(credential) or NotArchived("the credential is not archived", ID_PATH)
    return _undeleted(credential)


def delete(credential: Credential) -> DomainError | None:
    """Return the refusal to delete a credential, if any."""
    return _undeleted(credential)


def undelete(credential: Credential) -> DomainError | None:
    """Return the refusal to undelete a credential, if any."""
    if credential.deleted_at is None:
        return NotDeleted("the credential is not deleted", ID_PATH)
    return _owned(credential)


def purge(credential: Credential, *, confirmed: bool = True) -> DomainError | None:
    """Return the refusal to purge a credential, if any."""
    if _live(credential) is None:
        return NotArchived("only an archived or deleted credential can be purged; archive it first", ID_PATH)
    if not confirmed:
        return ConfirmationRequired("purging cannot be undone; send confirm: true", ("confirm",))
    return None


def _undeleted(credential: Credential) -> DomainError | None:
    return _not_deleted_itself(credential) or _owned(credential)


def _not_deleted_itself(credential: Credential) -> DomainError | None:
    return None if credential.deleted_at is None else Deleted("the credential is deleted; undelete it first", ID_PATH)


def _owned(credential: Credential) -> DomainError | None:
    if credential.living_owner is not None:
        return None
    return Deleted("the owner of the credential is deleted; undelete the owner, or transfer the credential", ID_PATH)


def _live(credential: Credential) -> DomainError | None:
    if credential.archived_at is not None:
        return _undeleted(credential) or Archived("the credential is archived; unarchive it first", ID_PATH)
    return _undeleted(credential)


def _reviewable(credential: Credential, policy: ReviewPolicy) -> DomainError | None:
    if credential.intake not in REVIEWABLE:
        return _live(credential) or NotReviewable("the requested credential was not submitted", ID_PATH)
    return _live(credential) or _self_review(credential, policy)


def _self_review(credential: Credential, policy: ReviewPolicy) -> DomainError | None:
    own = policy.is_own(credential.worker_id)
    return SelfReview("nobody decides about their own credential; ask another reviewer", ID_PATH) if own else None


def _decidable(credential: Credential, approval: ApprovalStatus, policy: ReviewPolicy) -> DomainError | None:
    if policy.decisions_are_final and approval in DECIDED:
        return _reviewable(credential, policy) or ApprovalFinal("decisions are final in this organization", ID_PATH)
    return _reviewable(credential, policy)
