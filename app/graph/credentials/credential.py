"""The `Credential` type and its queries."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries as compliance
from app.credential_types import queries as types
from app.credential_types.tables import CredentialCategory
from app.credentials import permissions, queries
from app.credentials.files import queries as files
from app.credentials.tables import IntakeStatus, Validity, VerificationStatus
from app.credentials.verification import queries as attempts
from app.events import queries as events
from app.graph.applicants.applicant import Applicant
from app.graph.attachments.attachment import Attachment
from app.graph.credential_requests.credential_request import CredentialRequest
from app.graph.credential_types.credential_type import CredentialType
from app.graph.credentials.listing import CREDENTIAL_LIST, CredentialWhere
from app.graph.credentials.verification_attempt import VerificationAttempt, VerificationOrder, VerificationWhere
from app.graph.credentials.version import READ, CredentialVersion, credential_validity
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import embedded, enum, flag, member, one_of, output, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.node import Node
from app.graph.type_references import EVENT, RULE
from app.graph.workers.worker import Worker
from app.registries.findings import Eligibility, StatusDetail
from app.workers import queries as workers

WRITE, REVIEW, VERIFY = Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_REVIEW, Scope.CREDENTIALS_VERIFY


def can(description: str, scope: Scope, rule: Any, **options: Any) -> Any:
    """Declare a `viewerCan…` field of a credential."""
    return permission(description, queries.by_id, scope, rule, reads=permissions.READS, **options)


@output
class Identification:
    """The name, type and reference number of a credential."""

    display_name: str = scalar("The name to show for the credential.")
    credential_type: CredentialType | None = edge(
        types.by_id, "The credential's type.", key="credential_type_id", scope=None
    )
    category: CredentialCategory = scalar("The category of the credential's type.")
    reference_number: str | None = scalar("The reference number in the latest version, as the issuer wrote it.")


@output
class Issuing:
    """The issuer, place and dates of a credential, from its latest version."""

    issuing_authority: str | None = scalar("The authority that issued the credential.")
    jurisdiction: str | None = scalar("The jurisdiction that the credential is valid in, such as `NSW`.")
    issue_date: date | None = scalar("The day the credential was issued.")
    expiry_date: date | None = scalar("The last day the credential is valid.")


@output
class Verification:
    """A credential's status with its issuer or registry, and the result of the last check or decision."""

    status: VerificationStatus = scalar("The credential's status with its issuer or registry.")
    verifiable: bool = scalar("True if a registry can verify the credential.", column="is_verifiable")
    eligibility: Eligibility | None = scalar(
        "The last finding, by a check or a decision, on whether the holder may be engaged. It does not "
        "consider dates (see `validity`) or the approval of versions (see `effectiveVersion`)."
    )
    status_detail: StatusDetail | None = scalar("The finding of the last check or decision.")
    raw_status: str | None = scalar("The registry's own wording of the status.")
    last_verified_at: datetime | None = scalar("The time of the registry's last answer.")
    next_check_at: datetime | None = scalar("The time of the next scheduled check.")
    authority: str | None = edge(
        types.by_id,
        "The name of the registry that verifies credentials of this type; null if none does.",
        key="credential_type_id",
        scope=None,
        value=lambda _credential, credential_type, _context: credential_type.verification_source,
        reads=(),
        target_reads=("verification_source",),
    )


@output
class Owners:
    """The owners of a credential: up to one worker and up to one applicant."""

    worker: Worker | None = edge(
        workers.by_id, "The worker who holds the credential.", key="worker_id", scope=Scope.WORKERS_READ, own=True
    )
    applicant: Applicant | None = edge(
        workers.applicant_by_id,
        "The applicant who holds the credential.",
        key="applicant_id",
        scope=Scope.WORKERS_READ,
        own=True,
    )


@output
class CredentialIntake:
    """The origin of a credential: created directly or requested from a worker."""

    status: IntakeStatus = scalar(
        "The intake status: created directly, or the progress of the request.", column="intake"
    )
    requested_at: datetime | None = scalar("The time the credential was requested from its worker.")
    submitted_at: datetime | None = scalar("The time of the worker's last submission.")
    due_on: date | None = scalar("The last day for the worker to submit the credential.")
    request: CredentialRequest | None = edge(
        compliance.request_by_id, "The request that the credential answers.", key="request_id", **READ
    )
    rule: RULE | None = edge(
        compliance.rule_by_id,
        "The requirement rule that raised the request; null if a person raised it.",
        key="rule_id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
    )


class VersionOrderField(StrEnum):
    """The fields that versions can be sorted by."""

    NUMBER = "number"


enum(VersionOrderField, NUMBER="Sort by version number. The default, latest first.")
VersionOrder = sort_key(VersionOrderField, "versions")


@node(queries.by_id, **READ)
class Credential(Node):
    """A licence, screening, certificate or government id held by a worker, an applicant or both."""

    identification: Identification = embedded("The credential's name, type and reference number.")
    issuing: Issuing = embedded("The credential's issuer, place and dates.")
    verification: Verification = embedded("The credential's status with its issuer or registry.")
    owners: Owners = embedded("The people who hold the credential.")
    intake: CredentialIntake = embedded("The origin of the credential, and the progress of its request.")
    validity: Validity | None = edge(
        types.by_id,
        "The validity today, by the dates of the version in force (see `effectiveVersion`), or of the latest version "
        "if none is decided.",
        key="credential_type_id",
        scope=None,
        value=credential_validity,
        reads=("valid_from", "expires_on"),
        target_reads=("expiring_soon_days",),
    )
    latest_version: CredentialVersion | None = edge(
        queries.version_by_id, "The newest version, in any state of approval.", key="latest_version_id", **READ
    )
    effective_version: CredentialVersion | None = edge(
        queries.version_by_id,
        "The version in force on a day: among those that are approved or need no approval, the newest whose dates "
        "hold that day; if none does, the newest that has begun; if none has begun, the one that begins first. Past "
        "days too are answered by the versions and decisions of today.",
        key="effective_version_id",
        with_arguments=queries.effective_on,
        as_of=(date | None, "The day. Today by default."),
        **READ,
    )
    versions: Connection[CredentialVersion] | None = edge(
        queries.versions_by_credential, "The credential's versions, latest first.", key="id", order=VersionOrder, **READ
    )
    verifications: Connection[VerificationAttempt] | None = edge(
        attempts.by_credential,
        "The checks made of the credential, latest first.",
        key="id",
        where=VerificationWhere,
        order=VerificationOrder,
        **READ,
    )
    attachments: Connection[Attachment] | None = edge(
        files.by_credential,
        "The files of the latest version, and the files that wait for submission, oldest first.",
        key="id",
        **READ,
    )
    activity: Connection[EVENT] | None = edge(
        events.by_subject, "The credential's events, latest first.", key="id", **EVENT_LIST
    )
    revision: int = scalar(
        "The credential's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    deleted: bool = flag(
        "True if the credential itself is deleted. A credential all of whose owners are deleted is not, though lists "
        "leave it out too, and changes are refused (DELETED) until an owner is undeleted, or it is transferred.",
        "deleted_at",
    )
    deleted_at: datetime | None = scalar("The time of deletion; null if the credential is not deleted.")
    created_at: datetime = scalar("The time the credential was created.")
    updated_at: datetime = scalar("The time of the last change.")
    archived: bool = flag("True if the credential is archived.", "archived_at")
    archived_at: datetime | None = scalar("The time of archiving; null if the credential is not archived.")
    archived_by: str | None = scalar("The id of the API key or person that archived the credential.")
    viewer_can_update: bool = can(
        "True if the viewer can update the credential now.", WRITE, permissions.update, own=True
    )
    viewer_can_submit: bool = can(
        "True if the viewer can submit the credential now.", WRITE, permissions.submit, own=True
    )
    viewer_can_add_version: bool = can("True if the viewer can add a version now.", WRITE, permissions.update, own=True)
    viewer_can_edit_version: bool = can(
        "True if the viewer can edit the latest version now.", WRITE, permissions.edit_latest, own=True, policy=True
    )
    viewer_can_attach: bool = can(
        "True if the viewer can upload a file for the credential now.", WRITE, permissions.attach, own=True, policy=True
    )
    viewer_can_approve: bool = can(
        "True if the viewer can approve the latest version now. Files that its type requires are checked on approval.",
        REVIEW,
        permissions.approve,
        policy=True,
    )
    viewer_can_reject: bool = can(
        "True if the viewer can reject the latest version now.", REVIEW, permissions.reject, policy=True
    )
    viewer_can_verify: bool = can(
        "True if the viewer can have the credential verified now.", VERIFY, permissions.verify
    )
    viewer_can_link: bool = can(
        "True if the viewer can link the credential to a second owner now.", WRITE, permissions.link_any
    )
    viewer_can_unlink: bool = can("True if the viewer can unlink one of the owners now.", WRITE, permissions.unlink_any)
    viewer_can_transfer: bool = can("True if the viewer can transfer the credential now.", WRITE, permissions.own)
    viewer_can_archive: bool = can(
        "True if the viewer can archive the credential now.", WRITE, permissions.archive, contractors=True
    )
    viewer_can_unarchive: bool = can(
        "True if the viewer can bring the credential back from the archive now.", WRITE, permissions.unarchive
    )
    viewer_can_restore: bool = can(
        "The old name of `viewerCanUnarchive`.", WRITE, permissions.unarchive, deprecated="Use `viewerCanUnarchive`."
    )
    viewer_can_delete: bool = can("True if the viewer can delete the credential now.", WRITE, permissions.delete)
    viewer_can_undelete: bool = can("True if the viewer can undo the deletion now.", WRITE, permissions.undelete)
    viewer_can_purge: bool = can(
        "True if the viewer can purge the credential now.", Scope.CREDENTIALS_PURGE, permissions.purge
    )


CREDENTIAL_PAYLOAD: dict[str, Any] = {"credential": (Credential, "The credential after the mutation; null if refused.")}
"""The payload member of mutations that change one credential."""


@one_of
class CredentialBy:
    """A reference to one credential, by exactly one key."""

    id: strawberry.ID | None = member("The id in this service.")


def _credential(_context: Context, _actor: Actor, by: CredentialBy) -> Credential | None:
    return defer_load(queries.by_id, by.id or "")


QUERIES = [
    query(
        "credential",
        _credential,
        "Look up a credential by id; null if there is none.",
        by=(CredentialBy, "The credential."),
        **READ,
    ),
    listing(
        "reviewQueue",
        queries.review_queue,
        Credential,
        "List the credentials that wait for a person, longest waiting first: a version to decide, or a "
        "check to resolve.",
        scope=Scope.CREDENTIALS_REVIEW,
        where=CredentialWhere,
    ),
    listing("credentials", queries.listing, Credential, "List the organization's credentials.", **CREDENTIAL_LIST),
]
