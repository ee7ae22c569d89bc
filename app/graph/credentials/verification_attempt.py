"""Checks of credentials in the graph."""

from datetime import date, datetime
from enum import StrEnum

from app.access import ActorKind, Scope
from app.credentials import queries
from app.credentials.verification.tables import Outcome, Trigger
from app.graph.dsl.fields import node
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member, output, part, scalar
from app.graph.node import Node
from app.registries.protocol import Eligibility, StatusDetail


@output
class Requester:
    """Who asked for a check."""

    kind: ActorKind = scalar("A program, a person or the service itself.", column="requested_by_kind")
    id: str = scalar("Their id.", column="requested_by")
    name: str = scalar("Their name at the time.", column="requested_by_name")


@output
class Resolution:
    """How a person settled a check."""

    resolved_by: str | None = scalar("The id of the key or person that settled it; null while nobody has.")
    resolved_at: datetime | None = scalar("When they did.")
    reason: str | None = scalar("Why, in a few words.")
    notes: str | None = scalar("What else there is to say.")


@node(queries.attempt_by_id, scope=Scope.CREDENTIALS_READ, own=True)
class VerificationAttempt(Node):
    """One check of a credential with its registry."""

    trigger: Trigger = scalar("Why it was made.")
    outcome: Outcome = scalar("How it ended.")
    source: str = scalar("The registry's name.")
    adapter: str | None = scalar("How the registry was reached: `http`, `manual` or `sandbox`.")
    correlation_id: str = scalar("By what it is recognised in `credential.verified`.")
    requested_by: Requester = part("Who asked for it.")
    requested_at: datetime = scalar("When it was asked for.")
    finished_at: datetime | None = scalar("When it ended.")
    latency_ms: int | None = scalar("How long the registry took, in milliseconds.")
    eligibility: Eligibility | None = scalar("Whether the holder may be engaged, as it found.")
    status_detail: StatusDetail | None = scalar("What it found.")
    raw_status: str | None = scalar("What the registry said, in its own words.")
    expiry_date: date | None = scalar("The expiry date that the registry has, if it says one.")
    problems: list[str] = scalar("What a person should look at.")
    error_message: str | None = scalar("Why the registry could not be asked.")
    resolution: Resolution = part("How a person settled it.")


@input
class VerificationWhere:
    """Which checks. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["VerificationWhere"] | None = member("All of these must hold.")
    OR: list["VerificationWhere"] | None = member("One of these must hold.")
    NOT: "VerificationWhere | None" = member("This must not hold.")
    outcome: ChoiceFilter[Outcome] | None = member("How it ended.")
    trigger: ChoiceFilter[Trigger] | None = member("Why it was made.")
    source: ExactFilter | None = member("The registry's name.")


class VerificationOrderField(StrEnum):
    """What checks can be sorted by."""

    REQUESTED_AT = "requestedAt"


enum(VerificationOrderField, REQUESTED_AT="When it was asked for. The default, latest first.")
VerificationOrder = sort_key(VerificationOrderField, "checks")
