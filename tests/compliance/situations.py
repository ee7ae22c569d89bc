"""Facts for the tests of standings: one rule, one worker, one credential, each with what a test is about."""

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
    """A day counted from the one that the tests judge."""
    return DAY + timedelta(days=days)


def rule(**given: Any) -> RuleFacts:
    """A rule for all workers since long ago."""
    usual: dict[str, Any] = {
        "id": "rule",
        "scope": RuleScope.ALL_WORKERS,
        "alternatives": TYPES[:1],
        "minimum": 1,
        "level": Level.MANDATORY,
        "severity": Severity.CRITICAL,
        "effective_from": on(-1_000),
    }
    return RuleFacts(**{**usual, **given})


def held(**given: Any) -> CredentialFacts:
    """A credential in force, with a year to go."""
    usual: dict[str, Any] = {
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
    return CredentialFacts(**{**usual, **given})


def situation(*credentials: CredentialFacts, **given: Any) -> WorkerFacts:
    """A worker of long standing who holds some credentials."""
    return WorkerFacts(**{"worker_id": "worker", "since": on(-2_000), "credentials": credentials, **given})


near = st.integers(-60, 60).map(on)
perhaps = st.none() | near


def _extent(first: date, last: date | None) -> tuple[date, date | None]:
    return (first, last) if last is None or last >= first else (last, first)


extents = st.builds(_extent, near, perhaps)
keys = st.integers(0, 10**6).map(str)
soon = st.integers(0, 40)

helds = st.builds(
    CredentialFacts,
    id=keys,
    type_id=st.sampled_from(TYPES),
    intake=st.sampled_from(Intake),
    status=st.sampled_from(VerificationStatus),
    eligibility=st.none() | st.sampled_from(Eligibility),
    latest_approval=st.sampled_from(Approval),
    is_effective=st.booleans(),
    valid_from=perhaps,
    expires_on=near | st.just(NEVER),
    soon_days=soon,
)
valid = st.builds(
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
    soon_days=soon,
)
posts = st.builds(lambda key, extent: AssignmentFacts(key, *extent), st.sampled_from(POSITIONS), extents)


def _release(key: str, extent: tuple[date, date | None], type_id: str | None) -> ExemptionFacts:
    return ExemptionFacts(key, extent[0], extent[1], rule_id="0" if type_id is None else None, type_id=type_id)


releases = st.builds(_release, keys, extents, st.none() | st.sampled_from(TYPES))
situations = st.builds(
    WorkerFacts,
    worker_id=st.just("worker"),
    since=near,
    units=st.sampled_from([(), UNITS[:1], UNITS]),
    unit_since=perhaps,
    assignments=st.lists(posts, max_size=3).map(tuple),
    credentials=st.lists(helds, max_size=6, unique_by=lambda each: each.id).map(tuple),
    exemptions=st.lists(releases, max_size=2, unique_by=lambda each: each.id).map(tuple),
)


def _rule(number: int, extent: tuple[date, date | None], **given: Any) -> RuleFacts:
    return RuleFacts(id=str(number), effective_from=extent[0], effective_to=extent[1], **given)


rules = st.builds(
    _rule,
    st.integers(0, 3),
    extents,
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
rule_lists = st.lists(rules, max_size=4, unique_by=lambda each: each.id)
