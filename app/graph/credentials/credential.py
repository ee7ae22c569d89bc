"""Credentials in the graph."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries as compliance
from app.credential_types import queries as types
from app.credential_types.tables import Category
from app.credentials import permissions, queries
from app.credentials.tables import Intake, Validity, VerificationStatus
from app.events import queries as events
from app.graph.applicants.applicant import Applicant
from app.graph.attachments.attachment import Attachment
from app.graph.credential_requests.credential_request import CredentialRequest
from app.graph.credential_types.credential_type import CredentialType
from app.graph.credentials.listing import CREDENTIAL_LIST, CredentialWhere
from app.graph.credentials.verification_attempt import VerificationAttempt, VerificationOrder, VerificationWhere
from app.graph.credentials.version import READ, CredentialVersion, of_credential
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.node_types import find
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, flag, output, part, scalar
from app.graph.events.listing import EVENT_LIST
from app.graph.node import Node
from app.graph.references import EVENT, RULE
from app.graph.workers.worker import Worker
from app.registries.protocol import Eligibility, StatusDetail
from app.workers import queries as workers

WRITE, REVIEW, VERIFY = Scope.CREDENTIALS_WRITE, Scope.CREDENTIALS_REVIEW, Scope.CREDENTIALS_VERIFY


def can(description: str, scope: Scope, rule: Any, **narrower: bool) -> Any:
    """Whether the caller could do something to the credential."""
    return permission(description, queries.by_id, scope, rule, reads=permissions.READS, **narrower)


@output
class Identification:
    """What a credential is."""

    display_name: str = scalar("The name shown.")
    credential_type: CredentialType | None = edge(types.by_id, "Its type.", key="credential_type_id", scope=None)
    category: Category = scalar("The category of its type.")
    reference_number: str | None = scalar("The number that the issuer knows it by, in its latest version.")


@output
class Issuing:
    """Who issued a credential, where and when: the facts of its latest version."""

    issuing_authority: str | None = scalar("Who issued it.")
    jurisdiction: str | None = scalar("Where it counts, such as `NSW`.")
    issue_date: date | None = scalar("The day it was issued.")
    expiry_date: date | None = scalar("The last day it is valid.")


@output
class Verification:
    """Where a credential stands with its source."""

    status: VerificationStatus = scalar("Whether it is in force there.")
    is_verifiable: bool = scalar("Whether a registry can verify it.")
    eligibility: Eligibility | None = scalar(
        "Whether its holder may be engaged, as the last check or decision found. Whether it is in date is told by "
        "`validity`, and whether a version of it counts by `effectiveVersion`."
    )
    status_detail: StatusDetail | None = scalar("What the last check or decision found.")
    raw_status: str | None = scalar("What the registry said, in its own words.")
    last_verified_at: datetime | None = scalar("When a registry last answered.")
    next_check_at: datetime | None = scalar("When a registry is to be asked again.")
    authority: str | None = edge(
        types.by_id,
        "The registry that verifies its type; null when none does.",
        key="credential_type_id",
        scope=None,
        value=lambda _credential, kind, _context: kind.verification_source,
        reads=(),
        of=("verification_source",),
    )


@output
class Owners:
    """Who holds a credential: at most one worker and one applicant."""

    worker: Worker | None = edge(
        workers.by_id, "The worker who holds it.", key="worker_id", scope=Scope.WORKERS_READ, own=True
    )
    applicant: Applicant | None = edge(
        workers.applicant_by_id,
        "The applicant who holds it.",
        key="applicant_id",
        scope=Scope.WORKERS_READ,
        own=True,
    )


@output
class CredentialIntake:
    """How a credential came in."""

    status: Intake = scalar("Whether it was created directly or asked for.", column="intake")
    requested_at: datetime | None = scalar("When its worker was asked for it.")
    submitted_at: datetime | None = scalar("When they last submitted it.")
    due_at: date | None = scalar("The day by which they are to submit it.", column="due_on")
    request: CredentialRequest | None = edge(
        compliance.request_by_id, "The request that it answers.", key="request_id", **READ
    )
    rule: RULE | None = edge(
        compliance.rule_by_id,
        "The rule that asked; null when a person did.",
        key="rule_id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
    )


class VersionOrderField(StrEnum):
    """What versions can be sorted by."""

    NUMBER = "number"


enum(VersionOrderField, NUMBER="Its number. The default, latest first.")
VersionOrder = sort_key(VersionOrderField, "versions")


@node(queries.by_id, **READ)
class Credential(Node):
    """A licence, screening, certificate or government id that a worker, an applicant or both hold."""

    identification: Identification = part("What it is.")
    issuing: Issuing = part("Who issued it, where and when.")
    verification: Verification = part("Where it stands with its source.")
    owners: Owners = part("Who holds it.")
    intake: CredentialIntake = part("How it came in.")
    validity: Validity | None = edge(
        types.by_id,
        "What the dates of its effective version mean today; of its latest, when none is effective.",
        key="credential_type_id",
        scope=None,
        value=of_credential,
        reads=("valid_from", "expires_on"),
        of=("expiring_soon_days",),
    )
    latest_version: CredentialVersion | None = edge(
        queries.version_by_id, "The newest version, whatever its approval.", key="latest_version_id", **READ
    )
    effective_version: CredentialVersion | None = edge(
        queries.version_by_id,
        "The newest version that is approved or needs no approval: the one that counts.",
        key="effective_version_id",
        **READ,
    )
    versions: Connection[CredentialVersion] | None = edge(
        queries.versions_by_credential, "All versions, latest first.", key="id", order=VersionOrder, **READ
    )
    verifications: Connection[VerificationAttempt] | None = edge(
        queries.attempts_by_credential,
        "The checks made of it, latest first.",
        key="id",
        where=VerificationWhere,
        order=VerificationOrder,
        **READ,
    )
    attachments: Connection[Attachment] | None = edge(
        queries.attachments_by_credential,
        "The files of its latest version, and those that wait to be handed in, the oldest first.",
        key="id",
        **READ,
    )
    activity: Connection[EVENT] | None = edge(
        events.by_subject, "What happened to it, latest first.", key="id", **EVENT_LIST
    )
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    deleted: bool = flag("Whether it is deleted.", "deleted_at")
    deleted_at: datetime | None = scalar("When it was deleted, if it is.")
    created_at: datetime = scalar("When it was added.")
    last_updated: datetime = scalar("When it last changed.")
    archived: bool = flag("Whether it is archived.", "archived_at")
    archived_at: datetime | None = scalar("When it was archived, if it is.")
    archived_by: str | None = scalar("The id of the key or person that archived it.")
    viewer_can_update: bool = can("Whether you could update it now.", WRITE, permissions.update, own=True)
    viewer_can_submit: bool = can("Whether you could submit it now.", WRITE, permissions.submit, own=True)
    viewer_can_add_version: bool = can("Whether you could add a version now.", WRITE, permissions.update, own=True)
    viewer_can_edit_version: bool = can(
        "Whether you could edit its latest version now.", WRITE, permissions.edit_latest, own=True, final=True
    )
    viewer_can_attach: bool = can(
        "Whether you could send a file for it now.", WRITE, permissions.attach, own=True, final=True
    )
    viewer_can_approve: bool = can(
        "Whether you could approve its latest version now.", REVIEW, permissions.approve, final=True
    )
    viewer_can_reject: bool = can(
        "Whether you could reject its latest version now.", REVIEW, permissions.reject, final=True
    )
    viewer_can_verify: bool = can("Whether you could have it verified now.", VERIFY, permissions.verify)
    viewer_can_link: bool = can("Whether you could link it to a further owner now.", WRITE, permissions.link_any)
    viewer_can_unlink: bool = can("Whether you could unlink one of its owners now.", WRITE, permissions.unlink_any)
    viewer_can_transfer: bool = can("Whether you could transfer it now.", WRITE, permissions.own)
    viewer_can_archive: bool = can("Whether you could archive it now.", WRITE, permissions.archive, contractors=True)
    viewer_can_restore: bool = can("Whether you could take it out of the archive now.", WRITE, permissions.restore)
    viewer_can_delete: bool = can("Whether you could delete it now.", WRITE, permissions.delete)
    viewer_can_undelete: bool = can("Whether you could undo its deletion now.", WRITE, permissions.undelete)
    viewer_can_purge: bool = can(
        "Whether you could remove it for good now.", Scope.CREDENTIALS_PURGE, permissions.purge
    )


def _credential(_context: Context, _actor: Actor, id: str) -> Credential | None:
    return find(queries.by_id, id)


QUERIES = [
    query(
        "credential",
        _credential,
        "One credential; null when there is none.",
        id=(strawberry.ID, "Its id."),
        **READ,
    ),
    listing(
        "reviewQueue",
        queries.review_queue,
        Credential,
        "Credentials that wait for a person: a version to decide, or a check to settle. The longest waiting first.",
        scope=Scope.CREDENTIALS_REVIEW,
        where=CredentialWhere,
    ),
    listing("credentials", queries.listing, Credential, "The organization's credentials.", **CREDENTIAL_LIST),
]
