"""The `CredentialVersion` type, its changes and its validity."""

from datetime import date, datetime
from typing import Any

from app.access import Scope
from app.core import clock
from app.credential_types import queries as types
from app.credentials import queries, validity
from app.credentials.files import queries as files
from app.credentials.tables import NEVER, ApprovalStatus, Validity, VersionField
from app.graph.attachments.attachment import Attachment
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, node
from app.graph.dsl.filter_inputs import ChoiceFilter, where_input
from app.graph.dsl.types import embedded, member, output, scalar
from app.graph.node import Node
from app.graph.type_references import CREDENTIAL

READ: dict[str, Any] = {"scope": Scope.CREDENTIALS_READ, "own": True}


def _validity(context: Context, credential_type: Any, issued: date | None, expires: date | None) -> Validity:
    today = clock.today(context.database.clock(), context.actor.time_zone)
    soon = credential_type.expiring_soon_days
    return validity.validity_on(today, issued, expires, context.actor.expiring_soon_days if soon is None else soon)


def version_validity(version: Any, credential_type: Any, context: Context) -> Validity:
    """Return a version's validity today."""
    return _validity(context, credential_type, version.issue_date, version.expiry_date)


def credential_validity(credential: Any, credential_type: Any, context: Context) -> Validity:
    """Return a credential's validity today, by the dates kept on the credential."""
    expires = credential.expires_on
    return _validity(context, credential_type, credential.valid_from, None if expires == NEVER else expires)


@output
class VersionApproval:
    """A reviewer's decision on a version."""

    status: ApprovalStatus = scalar("The state of the approval.", column="approval")
    decided_by: str | None = scalar("The id of the API key or person that decided.")
    decided_at: datetime | None = scalar("The time of the decision.")
    reason: str | None = scalar("The reason for the decision.")
    notes: str | None = scalar("The reviewer's further notes.")


@node(queries.change_by_id, **READ)
class VersionChange(Node):
    """A change to one fact of a version."""

    field: VersionField = scalar("The fact that changed.")
    before: str | None = scalar(
        "The value before the change. Dates are written as `2026-03-14`, a removed file as `FRONT front.png`."
    )
    after: str | None = scalar("The value after the change, in the same form as `before`.")
    changed_by: str = scalar("The id of the API key or person that made the change.")
    changed_by_name: str = scalar("The name of the API key or person at that time.")
    changed_at: datetime = scalar("The time of the change.")


@where_input
class VersionChangeWhere:
    """Filters for changes to a version."""

    field: ChoiceFilter[VersionField] | None = member("Match the fact that changed.")


@node(queries.version_by_id, **READ)
class CredentialVersion(Node):
    """A numbered state of a credential's facts. A renewal is a new version."""

    number: int = scalar("The version's number within the credential, from 1.")
    reference_number: str | None = scalar("The credential's reference number, as its issuer wrote it.")
    issuing_authority: str | None = scalar("The authority that issued the credential.")
    issue_date: date | None = scalar("The day the credential was issued.")
    expiry_date: date | None = scalar("The last day the credential is valid.")
    validity: Validity | None = edge(
        types.by_id,
        "The version's validity today, by its dates.",
        key="credential_type_id",
        scope=None,
        value=version_validity,
        reads=("issue_date", "expiry_date"),
        target_reads=("expiring_soon_days",),
    )
    approval: VersionApproval = embedded("The reviewer's decision on the version.")
    history: Connection[VersionChange] | None = edge(
        queries.changes_by_version,
        "The changes to the version's facts, latest first.",
        key="id",
        where=VersionChangeWhere,
        **READ,
    )
    attachments: Connection[Attachment] | None = edge(
        files.by_version, "The version's files, oldest first.", key="id", **READ
    )
    credential: CREDENTIAL | None = edge(queries.by_id, "The version's credential.", key="credential_id", **READ)
    created_by: str = scalar("The id of the API key or person that added the version.")
    created_at: datetime = scalar("The time the version was added.")
