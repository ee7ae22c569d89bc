"""Builders and Hypothesis strategies of facts for tests of the evaluation."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from app.compliance.evaluation.facts import AssignmentFacts, CredentialFacts, ExemptionFacts, RuleFacts, WorkerFacts
from app.compliance.tables import Level, RuleScope, Severity
from app.credentials.tables import NEVER, Approval, Intake, VerificationStatus
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
        "level": Level.MANDATORY,
        "severity": Severity.CRITICAL,
        "effective_from": on(-1_000),
    }
    return RuleFacts(**{**defaults, **overrides})


def credential_facts(**overrides: Any) -> CredentialFacts:
    """Return a credential in force with a year to go, with overrides."""
    defaults: dict[str, Any] = {
        "id": "held",
        "type_id": TYPES[0],
        "intake": Intake.DIRECT,
        "status": VerificationStatus.ACTIVE,
        "eligibility": Eligibility.MAY_ENGAGE,
        "latest_approval": Approval.NOT_REQUIRED,
        "is_effective": True,
        "valid_from": on(-365),
        "expires_on": on(365),
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


periods = st.builds(_period, near_days, optional_days)
keys = st.integers(0, 10**6).map(str)
soon_days = st.integers(0, 40)

credentials = st.builds(
    CredentialFacts,
    id=keys,
    type_id=st.sampled_from(TYPES),
    intake=st.sampled_from(Intake),
    status=st.sampled_from(VerificationStatus),
    eligibility=st.none() | st.sampled_from(Eligibility),
    latest_approval=st.sampled_from(Approval),
    is_effective=st.booleans(),
    valid_from=optional_days,
    expires_on=near_days | st.just(NEVER),
    soon_days=soon_days,
)
valid_credentials = st.builds(
    CredentialFacts,
    id=keys,
    type_id=st.sampled_from(TYPES),
    intake=st.sampled_from([Intake.DIRECT, Intake.COMPLETED]),
    status=st.just(VerificationStatus.ACTIVE),
    eligibility=st.sampled_from([None, Eligibility.MAY_ENGAGE]),
    latest_approval=st.sampled_from([Approval.NOT_REQUIRED, Approval.APPROVED]),
    is_effective=st.just(True),
    valid_from=st.none() | st.integers(-60, 0).map(on),
    expires_on=st.integers(0, 60).map(on) | st.just(NEVER),
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
    level=st.sampled_from(Level),
    severity=st.just(Severity.CRITICAL),
    grace_days=st.integers(0, 30),
    position_id=st.sampled_from(POSITIONS),
    org_unit_id=st.sampled_from(UNITS),
    worker_id=st.just("worker"),
    excluded=st.sampled_from(
        [frozenset[str](), frozenset({POSITIONS[1]}), frozenset({UNITS[1]}), frozenset({"worker"})]
    ),
)
rule_lists = st.lists(rules, max_size=4, unique_by=lambda item: item.id)
