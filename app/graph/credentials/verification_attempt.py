"""The `VerificationAttempt` type, and filters and sort keys for lists of attempts."""

from datetime import date, datetime
from enum import StrEnum

from app.access import ActorKind, Scope
from app.credentials.tables import VerificationStatus
from app.credentials.verification import queries
from app.credentials.verification.tables import VerificationOutcome, VerificationTrigger
from app.graph.dsl.fields import node
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import embedded, enum, member, output, scalar
from app.graph.node import Node
from app.registries.findings import Eligibility, StatusDetail


@output
class Requester:
    """The person or program that requested a check."""

    kind: ActorKind = scalar(
        "The kind of requester: a program, a person or the service itself.", column="requested_by_kind"
    )
    id: str = scalar("The requester's id.", column="requested_by")
    name: str = scalar("The requester's name at that time.", column="requested_by_name")


@output
class Resolution:
    """A person's resolution of a check."""

    resolved_by: str | None = scalar("The id of the API key or person that resolved the check; null if unresolved.")
    resolved_at: datetime | None = scalar("The time of the resolution.")
    reason: str | None = scalar("The reason for the decision.")
    notes: str | None = scalar("Further notes.")


@node(queries.by_id, scope=Scope.CREDENTIALS_READ, own=True)
class VerificationAttempt(Node):
    """A check of a credential with its registry, or what a caller reported about it."""

    trigger: VerificationTrigger = scalar("The cause of the check.")
    outcome: VerificationOutcome = scalar("The outcome of the check.")
    registry: str = scalar("The registry's name; `reported` for the report of a caller.", column="source")
    adapter: str | None = scalar("The adapter used to reach the registry: `http`, `manual` or `sandbox`.")
    correlation_id: str | None = scalar("The check's correlation id, as in the event `credential.verified`.")
    requested_by: Requester = embedded("The person or program that requested the check.")
    requested_at: datetime = scalar("The time the check was requested.")
    finished_at: datetime | None = scalar("The time the check ended.")
    latency_ms: int | None = scalar("The registry's response time in milliseconds.")
    eligibility: Eligibility | None = scalar("The check's finding on whether the holder may be engaged.")
    status_detail: StatusDetail | None = scalar("The finding of the check.")
    raw_status: str | None = scalar("The registry's own wording of the status.")
    reported_status: VerificationStatus | None = scalar("The status that a caller reported; null for checks.")
    expiry_date: date | None = scalar("The registry's expiry date, if it reported one.")
    problems: list[str] = scalar("The points that need a person's attention.")
    error_message: str | None = scalar("The error message, if the check failed.")
    resolution: Resolution = embedded("A person's resolution of the check.")


@where_input
class VerificationWhere:
    """Filters for checks."""

    outcome: ChoiceFilter[VerificationOutcome] | None = member("Match the outcome.")
    trigger: ChoiceFilter[VerificationTrigger] | None = member("Match the cause of the check.")
    registry: ExactFilter | None = member("Match the registry's name.")


class VerificationOrderField(StrEnum):
    """The fields that checks can be sorted by."""

    REQUESTED_AT = "requestedAt"


enum(VerificationOrderField, REQUESTED_AT="Sort by time of request. The default, latest first.")
VerificationOrder = sort_key(VerificationOrderField, "checks")
