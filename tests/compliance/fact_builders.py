"""Builders and Hypothesis strategies of facts for tests of the evaluation."""

from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from app.compliance.evaluation.facts import AssignmentFacts, CredentialFacts, ExemptionFacts, RuleFacts, WorkerFacts
from app.compliance.tables import RequirementLevel, RequirementSeverity, RuleScope
from app.credentials.effective_version import Period
from app.credentials.tables import NEVER, ApprovalStatus, IntakeStatus, VerificationStatus
from app.registries.findings import Eligibility

DAY = date(2026, 6, 15)
TYPES = ("type a", "type b", "type c")
UNITS = ("unit a", "unit b")
POSITIONS = ("position a", "position b")


def on(days: int) -> date:
    """Return a day relative to the day that the tests evaluate."""
    return DAY + timedelta(days=days)


def rule_facts(**overrides: Any) -> RuleFacts:
    """Return a long-standing rule for all workers, with overrides."""
    defaults: dict[str, Any] = {
        "id": "rule",
        "scope": RuleScope.ALL_WORKERS,
        "alternatives": TYPES[:1],
        "minimum": 1,
        "level": RequirementLevel.MANDATORY,
        "severity": RequirementSeverity.CRITICAL,
        "effective_from": on(-1_000),
    }
    return RuleFacts(**{**defaults, **overrides})


def period(first: date | None, last: date = NEVER, version_id: str = "version") -> Period:
    """Return the period of a decided version."""
    return Period(version_id, first, last)


def credential_facts(**overrides: Any) -> CredentialFacts:
    """Return a credential in force with a year to go, with overrides.

    `valid_from` and `expires_on` are the dates of its only version, which is pending if it is not `is_effective`.
    """
    first, last = overrides.pop("valid_from", on(-365)), overrides.pop("expires_on", on(365))
    is_pending = overrides.get("latest_approval") is ApprovalStatus.PENDING
    if overrides.pop("is_effective", True):
        overrides.setdefault("decided", (period(first, last),))
        overrides.setdefault("pending", Period("renewal", None, decided=False) if is_pending else None)
    elif is_pending:
        overrides["pending"] = Period("version", first, last, decided=False)
    defaults: dict[str, Any] = {
        "id": "held",
        "type_id": TYPES[0],
        "intake": IntakeStatus.DIRECT,
        "status": VerificationStatus.ACTIVE,
        "eligibility": Eligibility.MAY_ENGAGE,
        "latest_approval": ApprovalStatus.NOT_REQUIRED,
        "decided": (),
        "pending": None,
        "soon_days": 30,
    }
    return CredentialFacts(**{**defaults, **overrides})


def worker_facts(*credentials: CredentialFacts, **overrides: Any) -> WorkerFacts:
    """Return a long-standing worker who holds some credentials, with overrides."""
    return WorkerFacts(**{"worker_id": "worker", "since": on(-2_000), "credentials": credentials, **overrides})


near_days = st.integers(-60, 60).map(on)
optional_days = st.none() | near_days


def _period(first: date, last: date | None) -> tuple[date, date | None]:
    return (first, last) if last is None or last >= first else (last, first)


def _optional_period(first: date | None, last: date | None) -> tuple[date | None, date | None]:
    return _period(first, last) if first is not None else (first, last)


periods = st.builds(_period, near_days, optional_days)
keys = st.integers(0, 10**6).map(str)
soon_days = st.integers(0, 40)


def _versions(periods: list[Period], last_approval: ApprovalStatus) -> dict[str, Any]:
    """Return the facts that follow from the periods of versions, of which the last has some approval."""
    *older, latest = [msgspec.structs.replace(item, version_id=str(index)) for index, item in enumerate(periods)]
    decided = tuple(older) if last_approval in (ApprovalStatus.PENDING, ApprovalStatus.REJECTED) else (*older, latest)
    pending = msgspec.structs.replace(latest, decided=False) if last_approval is ApprovalStatus.PENDING else None
    return {"latest_approval": last_approval, "decided": decided, "pending": pending}


def _credential(versions: dict[str, Any], **facts: Any) -> CredentialFacts:
    return CredentialFacts(**versions, **facts)


version_periods = st.builds(
    lambda dates: Period("", dates[0], dates[1] or NEVER), st.builds(_optional_period, optional_days, optional_days)
)
"""Periods of versions with or without an issue date and an expiry date."""
credentials = st.builds(
    _credential,
    st.builds(_versions, st.lists(version_periods, min_size=1, max_size=4), st.sampled_from(ApprovalStatus)),
    id=keys,
    type_id=st.sampled_from(TYPES),
    intake=st.sampled_from(IntakeStatus),
    status=st.sampled_from(VerificationStatus),
    eligibility=st.none() | st.sampled_from(Eligibility),
    soon_days=soon_days,
)
valid_credentials = st.builds(
    CredentialFacts,
    id=keys,
    type_id=st.sampled_from(TYPES),
    intake=st.sampled_from([IntakeStatus.DIRECT, IntakeStatus.COMPLETED]),
    status=st.just(VerificationStatus.ACTIVE),
    eligibility=st.sampled_from([None, Eligibility.MAY_ENGAGE]),
    latest_approval=st.sampled_from([ApprovalStatus.NOT_REQUIRED, ApprovalStatus.APPROVED]),
    decided=st.builds(period, st.none() | st.integers(-60, 0).map(on), st.integers(0, 60).map(on) | st.just(NEVER)).map(
        lambda item: (item,)
    ),
    pending=st.none(),
    soon_days=soon_days,
)
assignments = st.builds(lambda key, period: AssignmentFacts(key, *period), st.sampled_from(POSITIONS), periods)


def _exemption(key: str, period: tuple[date, date | None], type_id: str | None) -> ExemptionFacts:
    return ExemptionFacts(key, period[0], period[1], rule_id="0" if type_id is None else None, type_id=type_id)


exemptions = st.builds(_exemption, keys, periods, st.none() | st.sampled_from(TYPES))
workers = st.builds(
    WorkerFacts,
    worker_id=st.just("worker"),
    since=near_days,
    units=st.sampled_from([(), UNITS[:1], UNITS]),
    unit_since=optional_days,
    assignments=st.lists(assignments, max_size=3).map(tuple),
    credentials=st.lists(credentials, max_size=6, unique_by=lambda item: item.id).map(tuple),
    exemptions=st.lists(exemptions, max_size=2, unique_by=lambda item: item.id).map(tuple),
)


def _rule(number: int, period: tuple[date, date | None], **overrides: Any) -> RuleFacts:
    return RuleFacts(id=str(number), effective_from=period[0], effective_to=period[1], **overrides)


rules = st.builds(
    _rule,
    st.integers(0, 3),
    periods,
    scope=st.sampled_from(RuleScope),
    alternatives=st.permutations(TYPES).flatmap(lambda types: st.integers(1, 3).map(lambda n: tuple(types[:n]))),
    minimum=st.integers(1, 3),
    level=st.sampled_from(RequirementLevel),
    severity=st.just(RequirementSeverity.CRITICAL),
    grace_days=st.integers(0, 30),
    position_id=st.sampled_from(POSITIONS),
    org_unit_id=st.sampled_from(UNITS),
    worker_id=st.just("worker"),
    excluded=st.sampled_from(
        [frozenset[str](), frozenset({POSITIONS[1]}), frozenset({UNITS[1]}), frozenset({"worker"})]
    ),
)
rule_lists = st.lists(rules, max_size=4, unique_by=lambda item: item.id)
