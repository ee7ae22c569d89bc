"""The roll-ups of compliance that are no lists: the summary, clearance and the forecast of expiries."""

from datetime import date
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance.rollups import clearance, counters, forecast, scope, summary
from app.compliance.rollups.counting import Dimension
from app.compliance.rollups.forecast import ForecastStep
from app.compliance.rollups.summary import Summary
from app.credential_types import queries as types
from app.db import read_executor
from app.db.read_executor import Reading
from app.graph.compliance.cell import READ, ComplianceCell
from app.graph.credential_types.credential_type import CredentialType
from app.graph.credentials.listing import OwnerReference
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, query
from app.graph.dsl.types import as_value, enum, given, output, scalar
from app.graph.references import ORG_UNIT, POSITION, WORKER
from app.graph.workers.person import PersonBy
from app.organizations import queries as organizations
from app.workers import queries as workers
from app.workers.tables import Standing

PEOPLE: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}
EXTENT: dict[str, Any] = {
    "as_of": (
        date | None,
        "The day; today unless given. A past day is told by what was recorded before its end, a day to come by what "
        "is known today.",
    ),
    "org_unit": (strawberry.ID | None, "Only this unit and all under it. One at most of orgUnit, position and owner."),
    "position": (strawberry.ID | None, "Only those who hold this position on the day."),
    "owner": (OwnerReference | None, "Only this worker or applicant."),
}

enum(ForecastStep, WEEK="By weeks, from Monday to Sunday.", MONTH="By months of the calendar.")


def named(as_of: date | None = None, org_unit: Any = None, position: Any = None, owner: Any = None) -> dict[str, Any]:
    """The arguments that say of whom a roll-up tells, by their published names."""
    return {"asOf": as_of, "orgUnit": org_unit, "position": position, "owner": owner and given(owner)}


def _by(dimension: Dimension, description: str) -> Any:
    return scalar(description, derived=lambda found: found.by(dimension))


@output
class ComplianceCount:
    """How many have a value."""

    value: str | None = scalar("The value, as the enum of its field has it; null for those that have none.")
    count: int = scalar("How many.")


@output
class ComplianceSummary:
    """How many credentials there are of each kind, and how many workers of each standing.

    Counted are credentials that somebody has provided, and that are neither archived nor deleted, of people who are
    not deleted; one with a worker and an applicant is the worker's. Values that nothing has are left out.
    """

    as_of: date = scalar("The day.", column="day")
    settled: bool = scalar("Whether all that happened is counted already; what is left is counted within moments.")
    total: int = scalar(
        "How many credentials there are: provided, not merely asked for, neither archived nor deleted, and of owners "
        "who are not deleted."
    )
    by_status: list[ComplianceCount] = _by(Dimension.STATUS, "Credentials by where they stand with their source.")
    by_category: list[ComplianceCount] = _by(Dimension.CATEGORY, "Credentials by the category of their type.")
    by_jurisdiction: list[ComplianceCount] = _by(Dimension.JURISDICTION, "Credentials by where they count.")
    by_eligibility: list[ComplianceCount] = _by(Dimension.ELIGIBILITY, "Credentials by whether their holder may work.")
    by_validity: list[ComplianceCount] = _by(Dimension.VALIDITY, "Credentials by what their dates mean on the day.")
    by_standing: list[ComplianceCount] = _by(
        Dimension.STANDING,
        "Workers by where they stand; not those who stand nowhere (see `Worker.standing`).",
    )


@output
class Clearance:
    """Whether a worker may work somewhere on a day, judged as if they were placed there."""

    worker: WORKER | None = edge(workers.by_id, "The worker.", key="worker_id", **PEOPLE)
    position: POSITION | None = edge(
        workers.position_by_id, "The position that they are judged for.", key="position_id", **PEOPLE
    )
    org_unit: ORG_UNIT | None = edge(
        organizations.unit_by_id, "The unit that they are judged for.", key="org_unit_id", **PEOPLE
    )
    day: date = scalar("The day.")
    cleared: bool = scalar("Whether they may: they would not be non-compliant.")
    standing: Standing | None = scalar("Where they would stand; null for somebody who is not at work here that day.")
    reasons: list[str] = scalar("Why they may not; empty when they may.")
    blocking: list[ComplianceCell] = scalar("The cells that stand against it.")
    cells: list[ComplianceCell] = scalar("All cells: one for each rule that would apply.")


@output
class ExpiringType:
    """How many credentials of a type expire."""

    credential_type: CredentialType | None = edge(types.by_id, "The type.", key="credential_type_id", scope=None)
    count: int = scalar("How many.")


@output
class ExpirySpan:
    """A week or a month, as far as it lies within the forecast."""

    from_date: date = scalar("Its first day.", column="first", name="from")
    to_date: date = scalar("Its last day.", column="last", name="to")
    total: int = scalar("How many credentials expire in it.")
    by_type: list[ExpiringType] = scalar("How many of each type, the most first.")
    turning_non_compliant: int = scalar(
        "How many workers turn non-compliant in it, if nothing is done.", column="turning"
    )
    workers: list[WORKER] | None = edge(workers.by_id, "The first 20 of them.", key="worker_ids", **PEOPLE)


@output
class ExpiryForecast:
    """What expires when, and who turns non-compliant by then."""

    as_of: date = scalar("The day that is looked from.", column="day")
    spans: list[ExpirySpan] = scalar("Week by week or month by month.")


def _summary(context: Context, actor: Actor, **asked: Any) -> Reading[ComplianceSummary | None]:
    extent = scope.of_all(actor, named(**asked), context.database.clock())
    if extent is None:
        [extent] = read_executor.told((yield [lambda: context.look(scope.find, actor, named(**asked))]))
    assert extent is not None
    if extent.is_kept:
        settled, [rows] = yield from context.kept(actor, summary.kept(context.database, actor, extent))
        return as_value(Summary(extent.day, counters.sums(rows), settled))
    [found] = read_executor.told((yield [lambda: context.look(summary.summarize, actor, extent)]))
    return as_value(found)


async def _clearance(
    context: Context,
    actor: Actor,
    worker: PersonBy,
    position: str | None = None,
    org_unit: str | None = None,
    on: date | None = None,
) -> Clearance | None:
    asked = {"worker": given(worker), "position": position, "orgUnit": org_unit, "on": on}
    return as_value(await context.look(clearance.check, actor, asked))


async def _forecast(
    context: Context,
    actor: Actor,
    by: ForecastStep,
    from_: date | None = None,
    to: date | None = None,
    type: list[str] | None = None,
    **asked: Any,
) -> ExpiryForecast | None:
    extent = await context.look(scope.find, actor, named(**asked))
    if extent.day == extent.today:
        await context.settled(actor)
    told = {"by": by, "from": from_, "to": to, "type": type}
    return as_value(await context.look(forecast.foresee, actor, extent, told))


QUERIES = [
    query(
        "complianceSummary",
        _summary,
        "How many credentials there are of each kind, and how many workers of each standing.",
        **READ,
        **EXTENT,
    ),
    query(
        "clearance",
        _clearance,
        "Whether a worker may work in a position or a unit on a day, and why not; where neither is named, where they "
        "are placed that day.",
        **READ,
        worker=(PersonBy, "Which worker."),
        position=(strawberry.ID | None, "The position that they would hold."),
        org_unit=(strawberry.ID | None, "The unit that they would belong to."),
        on=(date | None, "The day; today unless given."),
    ),
    query(
        "expiryForecast",
        _forecast,
        "What expires when, and who turns non-compliant by then if nothing is done.",
        **READ,
        by=(ForecastStep, "Whether by weeks or by months; up to 60 of them."),
        from_=(date | None, "The first day; the day that is looked from unless given."),
        to=(date | None, "The last day; about six weeks or months later unless given."),
        type=(list[str] | None, "The codes of the credential types to count; all unless given."),
        **EXTENT,
    ),
]
