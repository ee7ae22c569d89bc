"""Versions of credentials in the graph."""

from datetime import date, datetime
from typing import Any

from app.access import Scope
from app.core import clock
from app.credential_types import queries as types
from app.credentials import queries, validity
from app.credentials.tables import NEVER, Approval, Validity, VersionField
from app.graph.attachments.attachment import Attachment
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, node
from app.graph.dsl.filter_inputs import ChoiceFilter
from app.graph.dsl.types import input, member, output, part, scalar
from app.graph.node import Node
from app.graph.references import CREDENTIAL

READ: dict[str, Any] = {"scope": Scope.CREDENTIALS_READ, "own": True}


def _validity(context: Context, kind: Any, issued: date | None, expires: date | None) -> Validity:
    today = clock.today(context.database.clock(), context.actor.time_zone)
    soon = kind.expiring_soon_days
    return validity.on(today, issued, expires, context.actor.expiring_soon_days if soon is None else soon)


def of_version(version: Any, kind: Any, context: Context) -> Validity:
    """What a version's dates mean today."""
    return _validity(context, kind, version.issue_date, version.expiry_date)


def of_credential(credential: Any, kind: Any, context: Context) -> Validity:
    """What the dates mean today that a credential's validity follows."""
    expires = credential.expires_on
    return _validity(context, kind, credential.valid_from, None if expires == NEVER else expires)


@output
class VersionApproval:
    """What a reviewer made of a version."""

    status: Approval = scalar("Where the decision stands.", column="approval")
    decided_by: str | None = scalar("The id of the key or person that decided.")
    decided_at: datetime | None = scalar("When it was decided.")
    reason: str | None = scalar("Why, in a few words.")
    notes: str | None = scalar("What else the reviewer had to say.")


@node(queries.change_by_id, **READ)
class VersionChange(Node):
    """One fact of a version that somebody set or changed."""

    field: VersionField = scalar("Which fact.")
    before: str | None = scalar("The value before, a date as `2026-03-14`; a file that went as `FRONT front.png`.")
    after: str | None = scalar("The value after; a file that came likewise.")
    changed_by: str = scalar("The id of the key or person that changed it.")
    changed_by_name: str = scalar("Their name at the time.")
    changed_at: datetime = scalar("When it was changed.")


@input
class VersionChangeWhere:
    """Which changes. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["VersionChangeWhere"] | None = member("All of these must hold.")
    OR: list["VersionChangeWhere"] | None = member("One of these must hold.")
    NOT: "VersionChangeWhere | None" = member("This must not hold.")
    field: ChoiceFilter[VersionField] | None = member("Which fact.")


@node(queries.version_by_id, **READ)
class CredentialVersion(Node):
    """One state of a credential's facts, numbered from 1. A renewal is a new version."""

    number: int = scalar("Its place in the credential's history, from 1.")
    reference_number: str | None = scalar("The number that the issuer knows it by.")
    issuing_authority: str | None = scalar("Who issued it.")
    issue_date: date | None = scalar("The day it was issued.")
    expiry_date: date | None = scalar("The last day it is valid.")
    validity: Validity | None = edge(
        types.by_id,
        "What its dates mean today.",
        key="credential_type_id",
        scope=None,
        value=of_version,
        reads=("issue_date", "expiry_date"),
        of=("expiring_soon_days",),
    )
    approval: VersionApproval = part("What a reviewer made of it.")
    activity: Connection[VersionChange] | None = edge(
        queries.changes_by_version,
        "Who changed which of its facts, from what to what, latest first.",
        key="id",
        where=VersionChangeWhere,
        **READ,
    )
    attachments: Connection[Attachment] | None = edge(
        queries.attachments_by_version, "The files that show it, the oldest first.", key="id", **READ
    )
    credential: CREDENTIAL | None = edge(queries.by_id, "The credential.", key="credential_id", **READ)
    created_by: str = scalar("The id of the key or person that added it.")
    created_at: datetime = scalar("When it was added.")
