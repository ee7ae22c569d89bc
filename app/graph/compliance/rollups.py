"""Compliance roll-ups that are not lists: the summary, clearance and the expiry forecast."""

from datetime import date
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import queries
from app.compliance.rollups import clearance, counters, forecast, scope, summary
from app.compliance.rollups.clearance import ClearanceReasonCode
from app.compliance.rollups.counting import Dimension
from app.compliance.rollups.forecast import ForecastStep
from app.compliance.rollups.summary import Summary
from app.credential_types import queries as types
from app.credential_types.tables import CredentialCategory
from app.credentials import queries as credentials
from app.credentials.tables import Validity, VerificationStatus
from app.db import read_executor
from app.db.read_executor import ReadProgram
from app.graph.compliance.cell import READ, ComplianceCell, changes_on
from app.graph.credential_types.credential_type import CredentialType
from app.graph.credentials.listing import OwnerReference
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, query
from app.graph.dsl.types import as_output, enum, output, scalar, to_data
from app.graph.type_references import CREDENTIAL, ORG_UNIT, POSITION, RULE, WORKER
from app.graph.workers.person import WorkerBy
from app.organizations import queries as organizations
from app.registries.findings import Eligibility
from app.workers import queries as workers
from app.workers.tables import Standing

PEOPLE: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}
SCOPE_ARGUMENTS: dict[str, Any] = {
    "as_of": (
        date | None,
        "The day to report on. Defaults to today. A past day uses the facts recorded by the end of that "
        "day; a future day uses the facts known today.",
    ),
    "org_unit": (
        strawberry.ID | None,
        "Return only results for this unit and all units below it. At most one of `orgUnit`, `position` "
        "and `owner` can be given.",
    ),
    "position": (strawberry.ID | None, "Return only results for workers who hold this position on the day."),
    "owner": (OwnerReference | None, "Return only results for this worker or applicant."),
}

enum(ForecastStep, WEEK="One span per week, from Monday to Sunday.", MONTH="One span per calendar month.")


def scope_input(
    as_of: date | None = None, org_unit: Any = None, position: Any = None, owner: Any = None
) -> dict[str, Any]:
    """Return the arguments that select a roll-up's scope, under their published names."""
    return {"asOf": as_of, "orgUnit": org_unit, "position": position, "owner": owner and to_data(owner)}


def _counts_by(dimension: Dimension, description: str) -> Any:
    return scalar(description, derived=lambda row: row.by(dimension))


@output
class StatusCount:
    """The number of credentials with a status."""

    value: VerificationStatus = scalar("The status.")
    count: int = scalar("The number of credentials.")


@output
class CategoryCount:
    """The number of credentials with a category."""

    value: CredentialCategory = scalar("The category.")
    count: int = scalar("The number of credentials.")


@output
class JurisdictionCount:
    """The number of credentials with a jurisdiction."""

    value: str | None = scalar("The jurisdiction; null for those without one.")
    count: int = scalar("The number of credentials.")


@output
class EligibilityCount:
    """The number of credentials with an eligibility."""

    value: Eligibility | None = scalar("The eligibility; null for those without one.")
    count: int = scalar("The number of credentials.")


@output
class ValidityCount:
    """The number of credentials with a validity."""

    value: Validity = scalar("The validity.")
    count: int = scalar("The number of credentials.")


@output
class StandingCount:
    """The number of workers with a standing."""

    value: Standing = scalar("The standing.")
    count: int = scalar("The number of workers.")


@output
class ComplianceSummary:
    """Counts of credentials by their properties, and of workers by standing.

    Only credentials that were provided and are neither archived nor deleted count, and only if their owner is not
    deleted. A credential held by both a worker and an applicant counts for the worker or, while the worker is deleted,
    for the applicant. Values without any items are omitted.
    """

    as_of: date = scalar("The day of the summary.", column="day")
    settled: bool = scalar("True if the counts include all changes so far. Otherwise the rest is counted shortly.")
    total: int = scalar(
        "The number of credentials that were provided, not only requested, that are neither archived nor "
        "deleted, and whose owner is not deleted."
    )
    by_status: list[StatusCount] = _counts_by(
        Dimension.STATUS, "The number of credentials by status with the issuer or registry."
    )
    by_category: list[CategoryCount] = _counts_by(
        Dimension.CATEGORY, "The number of credentials by category of their type."
    )
    by_jurisdiction: list[JurisdictionCount] = _counts_by(
        Dimension.JURISDICTION, "The number of credentials by jurisdiction."
    )
    by_eligibility: list[EligibilityCount] = _counts_by(
        Dimension.ELIGIBILITY, "The number of credentials by the finding on whether the holder may be engaged."
    )
    by_validity: list[ValidityCount] = _counts_by(
        Dimension.VALIDITY, "The number of credentials by validity on the day."
    )
    by_standing: list[StandingCount] = _counts_by(
        Dimension.STANDING,
        "The number of workers by standing, without workers who have none (see `Worker.standing`).",
    )


@output
class ClearanceReason:
    """A reason that a worker may not work in a place, with the rule and the credential behind it."""

    code: ClearanceReasonCode = scalar("The kind of reason.")
    message: str = scalar("The reason as a sentence, with the date it depends on.")
    rule: RULE | None = edge(
        queries.rule_by_id,
        "The requirement rule that is not met; null if the worker is not at work.",
        key="rule_id",
        **READ,
    )
    credential: CREDENTIAL | None = edge(
        credentials.by_id,
        "The credential that falls short of the rule; null if there is none.",
        key="credential_id",
        scope=Scope.CREDENTIALS_READ,
        own=True,
    )
    changes_on: date | None = scalar(
        "The next day on which the reason changes by the passing of time alone; null if never.", derived=changes_on
    )


@output
class Clearance:
    """The decision on whether a worker may work in a position or unit on a day, as if they were placed there."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", **PEOPLE)
    position: POSITION | None = edge(
        workers.position_by_id, "The position that the worker is evaluated for.", key="position_id", **PEOPLE
    )
    org_unit: ORG_UNIT | None = edge(
        organizations.unit_by_id, "The unit that the worker is evaluated for.", key="org_unit_id", **PEOPLE
    )
    as_of: date = scalar("The day of the evaluation.", column="day")
    cleared: bool = scalar("True if the worker may work there: their standing would not be `NON_COMPLIANT`.")
    standing: Standing | None = scalar(
        "The worker's standing in that place; null if the worker is not at work for the organization on the day."
    )
    reasons: list[ClearanceReason] = scalar(
        "The reasons that the worker may not work there, one for each blocking cell; empty if cleared."
    )
    blocking: list[ComplianceCell] = scalar("The cells that prevent clearance.")
    cells: list[ComplianceCell] = scalar("All cells: one for each rule that would apply.")


@output
class CredentialTypeCount:
    """The number of expiring credentials of one type."""

    credential_type: CredentialType | None = edge(
        types.by_id, "The credential type.", key="credential_type_id", scope=None
    )
    count: int = scalar("The number of expiring credentials.")


@output
class ExpirySpan:
    """A week or month of the forecast. The first and last span are cut to the range of the forecast."""

    starts_on: date = scalar("The first day of the span.", column="first")
    ends_on: date = scalar("The last day of the span.", column="last")
    total: int = scalar("The number of credentials that expire in the span.")
    by_type: list[CredentialTypeCount] = scalar("The number of expiring credentials by type, largest first.")
    turning_non_compliant: int = scalar(
        "The number of workers who become non-compliant in the span if nothing is renewed. A worker whose credential "
        "is renewed only after a gap becomes so in each span in which a version ends.",
        column="turning",
    )
    workers: list[WORKER] | None = edge(
        workers.by_id, "The first 20 workers who become non-compliant in the span.", key="worker_ids", **PEOPLE
    )


@output
class ExpiryForecast:
    """A forecast of expiring credentials, and of workers who become non-compliant."""

    as_of: date = scalar("The day that the forecast starts from.", column="day")
    spans: list[ExpirySpan] = scalar("The weeks or months of the forecast.")


def _summary(context: Context, actor: Actor, **arguments: Any) -> ReadProgram[ComplianceSummary | None]:
    rollup_scope = scope.default(actor, scope_input(**arguments), context.database.clock())
    if rollup_scope is None:
        [rollup_scope] = read_executor.raise_first_error(
            (yield [lambda: context.run_query(scope.resolve, actor, scope_input(**arguments))])
        )
    assert rollup_scope is not None
    if rollup_scope.has_counters:
        settled, [rows] = yield from context.read_settled(
            actor, summary.counters_read(context.database, actor, rollup_scope)
        )
        return as_output(Summary(rollup_scope.day, counters.to_sums(rows), settled))
    [counts] = read_executor.raise_first_error(
        (yield [lambda: context.run_query(summary.summarize, actor, rollup_scope)])
    )
    return as_output(counts)


async def _clearance(
    context: Context,
    actor: Actor,
    worker: WorkerBy,
    position: str | None = None,
    org_unit: str | None = None,
    as_of: date | None = None,
) -> Clearance | None:
    arguments = {"worker": to_data(worker), "position": position, "orgUnit": org_unit, "asOf": as_of}
    return as_output(await context.run_query(clearance.check, actor, arguments))


async def _forecast(
    context: Context,
    actor: Actor,
    by: ForecastStep,
    starts_on: date | None = None,
    ends_on: date | None = None,
    type: list[str] | None = None,
    **arguments: Any,
) -> ExpiryForecast | None:
    rollup_scope = await context.run_query(scope.resolve, actor, scope_input(**arguments))
    if rollup_scope.day == rollup_scope.today:
        await context.settle(actor)
    spans = {"by": by, "startsOn": starts_on, "endsOn": ends_on, "type": type}
    return as_output(await context.run_query(forecast.build, actor, rollup_scope, spans))


QUERIES = [
    query(
        "complianceSummary",
        _summary,
        "Count credentials by their properties, and workers by standing.",
        **READ,
        **SCOPE_ARGUMENTS,
    ),
    query(
        "clearance",
        _clearance,
        "Decide whether a worker may work in a position or unit on a day, with the reasons. Without a "
        "position or unit, the worker's own placement on that day is used.",
        **READ,
        worker=(WorkerBy, "The worker to evaluate."),
        position=(strawberry.ID | None, "The id of the position that the worker would hold."),
        org_unit=(strawberry.ID | None, "The id of the unit that the worker would belong to."),
        as_of=(date | None, "The day of the evaluation. Defaults to today."),
    ),
    query(
        "expiryForecast",
        _forecast,
        "Forecast the credentials that expire and the workers who become non-compliant if nothing is renewed.",
        **READ,
        by=(ForecastStep, "The length of a span: weeks or months, up to 60 of them."),
        starts_on=(date | None, "The first day. Defaults to `asOf`."),
        ends_on=(date | None, "The last day. Defaults to about six weeks or six months after the first day."),
        type=(
            list[str] | None,
            "Return only results for the credential types with these codes. Defaults to all types.",
        ),
        **SCOPE_ARGUMENTS,
    ),
]
