"""What a cell is, for every kind of worker, credential, rule and exemption; and what must hold of all of them."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.compliance.evaluation import evaluate
from app.compliance.evaluation.facts import (
    AssignmentFacts,
    Cell,
    CellStatus,
    CredentialFacts,
    ExemptionFacts,
    RuleFacts,
    WorkerFacts,
)
from app.compliance.tables import Level, RuleScope
from app.credentials.tables import NEVER, Approval, Intake, VerificationStatus
from app.registries.findings import Eligibility
from app.workers.tables import Standing
from tests.compliance import situations
from tests.compliance.situations import DAY, POSITIONS, TYPES, UNITS, held, on, rule, situation

A, B, C = TYPES
FEW = settings(max_examples=300, deadline=None)


def cell(found: WorkerFacts, asked: RuleFacts | None = None, day: date = DAY) -> Cell:
    [one] = evaluate.cells(found, [asked or rule()], day)
    return one


CREDENTIALS: list[tuple[str, dict[str, Any], CellStatus, str]] = [
    ("in force", {}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    ("without end", {"expires_on": NEVER}, CellStatus.SATISFIED, "It never expires."),
    ("31 days left", {"expires_on": on(31)}, CellStatus.SATISFIED, "It is valid until 2026-07-16."),
    ("30 days left", {"expires_on": on(30)}, CellStatus.EXPIRING, "It expires on 2026-07-15."),
    ("its last day", {"expires_on": on(0)}, CellStatus.EXPIRING, "It expires on 2026-06-15."),
    ("the day after", {"expires_on": on(-1)}, CellStatus.EXPIRED, "It expired on 2026-06-14."),
    ("never soon", {"expires_on": on(1), "soon_days": 0}, CellStatus.SATISFIED, "It is valid until 2026-06-16."),
    ("lapsed", {"status": VerificationStatus.EXPIRED}, CellStatus.EXPIRED, "It has lapsed."),
    (
        "lapsed, and barred for that",
        {"status": VerificationStatus.EXPIRED, "eligibility": Eligibility.MAY_NOT_ENGAGE, "expires_on": on(-3)},
        CellStatus.EXPIRED,
        "It expired on 2026-06-12.",
    ),
    (
        "expired, renewal pending",
        {"expires_on": on(-1), "latest_approval": Approval.PENDING},
        CellStatus.IN_REVIEW,
        "It expired on 2026-06-14, and its renewal waits for a reviewer.",
    ),
    (
        "expired, never approved",
        {"expires_on": on(-1), "latest_approval": Approval.PENDING, "is_effective": False},
        CellStatus.EXPIRED,
        "It expired on 2026-06-14.",
    ),
    ("from tomorrow", {"valid_from": on(1)}, CellStatus.MISSING, "Nothing was provided; it is asked since 2023-09-19."),
    ("from today", {"valid_from": on(0)}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    (
        "requested",
        {"intake": Intake.REQUESTED},
        CellStatus.MISSING,
        "Nothing was provided; it is asked since 2023-09-19.",
    ),
    (
        "cancelled",
        {"intake": Intake.CANCELLED},
        CellStatus.MISSING,
        "Nothing was provided; it is asked since 2023-09-19.",
    ),
    ("completed", {"intake": Intake.COMPLETED}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    (
        "submitted",
        {"intake": Intake.SUBMITTED, "latest_approval": Approval.PENDING, "is_effective": False},
        CellStatus.IN_REVIEW,
        "It waits for a reviewer.",
    ),
    (
        "rejected",
        {"latest_approval": Approval.REJECTED, "is_effective": False},
        CellStatus.INELIGIBLE,
        "What was provided was rejected.",
    ),
    (
        "an older one stands",
        {"latest_approval": Approval.REJECTED},
        CellStatus.SATISFIED,
        "It is valid until 2027-06-15.",
    ),
    ("renewal pending", {"latest_approval": Approval.PENDING}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    ("suspended", {"status": VerificationStatus.SUSPENDED}, CellStatus.INELIGIBLE, "It is suspended."),
    ("revoked", {"status": VerificationStatus.REVOKED}, CellStatus.INELIGIBLE, "It is revoked."),
    ("barred", {"eligibility": Eligibility.MAY_NOT_ENGAGE}, CellStatus.INELIGIBLE, "Its holder may not be engaged."),
    ("unsure", {"eligibility": Eligibility.REVIEW_REQUIRED}, CellStatus.IN_REVIEW, "Its check is not settled."),
    ("being checked", {"eligibility": Eligibility.IN_PROGRESS}, CellStatus.IN_REVIEW, "Its check is not settled."),
    ("check failed", {"eligibility": Eligibility.ERROR}, CellStatus.IN_REVIEW, "Its check is not settled."),
    ("not checked", {"status": VerificationStatus.PENDING}, CellStatus.IN_REVIEW, "Its check is not settled."),
    ("no eligibility", {"eligibility": None}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    ("another type", {"type_id": B}, CellStatus.MISSING, "Nothing was provided; it is asked since 2023-09-19."),
]


@pytest.mark.parametrize(
    ("changed", "status", "reason"), [row[1:] for row in CREDENTIALS], ids=[r[0] for r in CREDENTIALS]
)
def test_what_a_credential_is_worth(changed: dict[str, Any], status: CellStatus, reason: str) -> None:
    found = cell(situation(held(**changed)))
    assert (found.status, found.reason) == (status, reason)
    assert found.credential_id == (None if status is CellStatus.MISSING else "held")
    assert found.wanted == ((A,) if status in evaluate.FAILING else ())


def test_the_best_of_several_counts() -> None:
    worse = [
        held(id="1", expires_on=on(-9)),
        held(id="2", eligibility=Eligibility.MAY_NOT_ENGAGE),
        held(id="3", expires_on=on(9)),
    ]
    assert cell(situation(*worse)).credential_id == "3"
    assert cell(situation(*worse[:2])).credential_id == "1"
    assert cell(situation(*worse, held(id="4", expires_on=on(90)))).credential_id == "4"
    equal = [held(id="5", expires_on=on(90)), held(id="6", expires_on=on(91)), held(id="7", expires_on=on(91))]
    assert cell(situation(*equal)).credential_id == "6"


GRACE: list[tuple[str, WorkerFacts, RuleFacts, CellStatus, str]] = [
    (
        "first day",
        situation(),
        rule(effective_from=on(0), grace_days=3),
        CellStatus.GRACE,
        "Nothing was provided. There is time until 2026-06-17.",
    ),
    (
        "last day",
        situation(),
        rule(effective_from=on(-2), grace_days=3),
        CellStatus.GRACE,
        "Nothing was provided. There is time until 2026-06-15.",
    ),
    (
        "over",
        situation(),
        rule(effective_from=on(-3), grace_days=3),
        CellStatus.MISSING,
        "Nothing was provided; it is asked since 2026-06-12.",
    ),
    (
        "after its expiry",
        situation(held(expires_on=on(-3))),
        rule(grace_days=3),
        CellStatus.GRACE,
        "It expired on 2026-06-12. There is time until 2026-06-15.",
    ),
    (
        "over after its expiry",
        situation(held(expires_on=on(-4))),
        rule(grace_days=3),
        CellStatus.EXPIRED,
        "It expired on 2026-06-11.",
    ),
    (
        "expired before it was asked",
        situation(held(expires_on=on(-99))),
        rule(effective_from=on(-1), grace_days=3),
        CellStatus.GRACE,
        "It expired on 2026-03-08. There is time until 2026-06-16.",
    ),
    (
        "none for the barred",
        situation(held(eligibility=Eligibility.MAY_NOT_ENGAGE)),
        rule(effective_from=on(0), grace_days=30),
        CellStatus.INELIGIBLE,
        "Its holder may not be engaged.",
    ),
    (
        "before the first day of work",
        situation(since=on(5)),
        rule(),
        CellStatus.GRACE,
        "Nothing was provided. There is time until 2026-06-19.",
    ),
]


@pytest.mark.parametrize(("found", "asked", "status", "reason"), [row[1:] for row in GRACE], ids=[r[0] for r in GRACE])
def test_days_of_grace(found: WorkerFacts, asked: RuleFacts, status: CellStatus, reason: str) -> None:
    one = cell(found, asked)
    assert (one.status, one.reason, one.wanted) == (status, reason, (A,))


SINCE: list[tuple[str, dict[str, Any], dict[str, Any], date | None]] = [
    ("all workers", {}, {}, on(-1_000)),
    ("a new worker", {"since": on(-5)}, {}, on(-5)),
    ("from today", {}, {"effective_from": on(0)}, on(0)),
    ("from tomorrow", {}, {"effective_from": on(1)}, None),
    ("until today", {}, {"effective_to": on(0)}, on(-1_000)),
    ("until yesterday", {}, {"effective_to": on(-1)}, None),
    ("the worker", {}, {"scope": RuleScope.WORKER, "worker_id": "worker"}, on(-1_000)),
    ("another worker", {}, {"scope": RuleScope.WORKER, "worker_id": "another"}, None),
    ("their unit", {"units": UNITS}, {"scope": RuleScope.ORG_UNIT, "org_unit_id": UNITS[0]}, on(-1_000)),
    ("the one above", {"units": UNITS}, {"scope": RuleScope.ORG_UNIT, "org_unit_id": UNITS[1]}, on(-1_000)),
    (
        "new in it",
        {"units": UNITS, "unit_since": on(-4)},
        {"scope": RuleScope.ORG_UNIT, "org_unit_id": UNITS[1]},
        on(-4),
    ),
    ("another unit", {"units": UNITS[:1]}, {"scope": RuleScope.ORG_UNIT, "org_unit_id": UNITS[1]}, None),
    ("no unit", {}, {"scope": RuleScope.ORG_UNIT, "org_unit_id": UNITS[1]}, None),
    (
        "a position",
        {"assignments": (AssignmentFacts(POSITIONS[0], on(-9), on(0)), AssignmentFacts(POSITIONS[0], on(-3)))},
        {"scope": RuleScope.POSITION, "position_id": POSITIONS[0]},
        on(-9),
    ),
    (
        "a position left",
        {"assignments": (AssignmentFacts(POSITIONS[0], on(-9), on(-1)),)},
        {"scope": RuleScope.POSITION, "position_id": POSITIONS[0]},
        None,
    ),
    (
        "a position to come",
        {"assignments": (AssignmentFacts(POSITIONS[0], on(1)),)},
        {"scope": RuleScope.POSITION, "position_id": POSITIONS[0]},
        None,
    ),
    (
        "another position",
        {"assignments": (AssignmentFacts(POSITIONS[1], on(-9)),)},
        {"scope": RuleScope.POSITION, "position_id": POSITIONS[0]},
        None,
    ),
    ("excluded", {}, {"excluded": frozenset({"worker"})}, None),
    ("excluded with the unit", {"units": UNITS}, {"excluded": frozenset({UNITS[1]})}, None),
    (
        "excluded in a position",
        {"assignments": (AssignmentFacts(POSITIONS[1], on(0)),)},
        {"excluded": frozenset({POSITIONS[1]})},
        None,
    ),
    (
        "no longer excluded",
        {"assignments": (AssignmentFacts(POSITIONS[1], on(-9), on(-1)),)},
        {"excluded": frozenset({POSITIONS[1]})},
        on(-1_000),
    ),
    ("others excluded", {"units": UNITS[:1]}, {"excluded": frozenset({"another", UNITS[1]})}, on(-1_000)),
]


@pytest.mark.parametrize(("worker", "asked", "since"), [row[1:] for row in SINCE], ids=[r[0] for r in SINCE])
def test_whom_a_rule_asks_and_since_when(worker: dict[str, Any], asked: dict[str, Any], since: date | None) -> None:
    found = situation(**worker)
    assert evaluate.applies_since(rule(**asked), found, DAY) == since
    assert len(evaluate.cells(found, [rule(**asked)], DAY)) == (since is not None)


def test_any_of_the_alternatives_is_enough() -> None:
    asked = rule(alternatives=(A, B))
    assert cell(situation(held(type_id=B)), asked).status is CellStatus.SATISFIED
    assert cell(situation(), asked).wanted == (A,)
    assert cell(situation(held(type_id=B, expires_on=on(-1))), asked).status is CellStatus.EXPIRED


def test_as_many_as_are_asked() -> None:
    asked = rule(alternatives=(A, B, C), minimum=2)
    one = cell(situation(held(type_id=B)), asked)
    assert one.status is CellStatus.MISSING
    assert one.reason == "1 of 2 are in order. Nothing was provided; it is asked since 2023-09-19."
    assert one.wanted == (A,)
    assert cell(situation(), asked).wanted == (A, B)
    two = cell(situation(held(id="b", type_id=B), held(id="c", type_id=C, expires_on=on(5))), asked)
    assert (two.status, two.credential_id, two.wanted) == (CellStatus.EXPIRING, "c", ())
    assert cell(situation(held()), rule(minimum=5)).status is CellStatus.SATISFIED


def test_exemptions() -> None:
    of_rule = ExemptionFacts("exemption", on(-1), on(1), rule_id="rule")
    of_type = ExemptionFacts("exemption", on(-1), type_id=A)
    for release, reason in ((of_rule, "Exempt until 2026-06-16."), (of_type, "Exempt since 2026-06-14.")):
        one = cell(situation(exemptions=(release,)))
        assert (one.status, one.reason, one.exemption_id) == (CellStatus.EXEMPT, reason, "exemption")
        assert (one.credential_id, one.wanted) == (None, ())
        needless = cell(situation(held(), exemptions=(release,)))
        assert (needless.status, needless.exemption_id) == (CellStatus.SATISFIED, None)
    for other in (
        msgspec.structs.replace(of_rule, rule_id="another"),
        msgspec.structs.replace(of_rule, to_date=on(-1)),
        msgspec.structs.replace(of_type, from_date=on(1)),
        msgspec.structs.replace(of_type, type_id=B),
    ):
        assert cell(situation(exemptions=(other,))).status is CellStatus.MISSING
    two = rule(alternatives=(A, B), minimum=2)
    assert cell(situation(held(type_id=B), exemptions=(of_type,)), two).status is CellStatus.EXEMPT
    assert cell(situation(held(type_id=B, expires_on=on(3)), exemptions=(of_type,)), two).status is CellStatus.EXPIRING
    assert cell(situation(exemptions=(of_type,)), two).wanted == (B,)


STANDINGS: list[tuple[dict[str, Any], Standing]] = [
    ({}, Standing.COMPLIANT),
    ({"expires_on": on(3)}, Standing.AT_RISK),
    ({"eligibility": Eligibility.ERROR}, Standing.AT_RISK),
    ({"expires_on": on(-3)}, Standing.NON_COMPLIANT),
    ({"status": VerificationStatus.REVOKED}, Standing.NON_COMPLIANT),
    ({"type_id": B}, Standing.NON_COMPLIANT),
]


@pytest.mark.parametrize(("changed", "expected"), STANDINGS)
def test_the_standing_follows_from_the_mandatory_cells(changed: dict[str, Any], expected: Standing) -> None:
    found = situation(held(**changed))
    assert evaluate.standing(evaluate.cells(found, [rule()], DAY)) is expected
    assert evaluate.standing(evaluate.cells(found, [rule(level=Level.OPTIONAL)], DAY)) is Standing.COMPLIANT
    both = [rule(), rule(id="other", alternatives=(C,), grace_days=9_999)]
    worse = Standing.AT_RISK if expected is Standing.COMPLIANT else expected
    assert evaluate.standing(evaluate.cells(found, both, DAY)) is worse


def test_nothing_asked_is_compliant() -> None:
    assert evaluate.standing([]) is Standing.COMPLIANT
    assert evaluate.next_change(situation(), [], [], DAY) == date.max


def _worth(found: list[Cell]) -> dict[str, int]:
    return {one.rule.id: evaluate.RANK[one.status] for one in found}


BETTER = [Standing.NON_COMPLIANT, Standing.AT_RISK, Standing.COMPLIANT]


def _is_no_worse(before: WorkerFacts, now: WorkerFacts, rules: list[RuleFacts]) -> None:
    old, new = (evaluate.cells(each, rules, DAY) for each in (before, now))
    was, worth = _worth(old), _worth(new)
    # An exemption is as good as what satisfies.
    assert all(worth[key] <= max(was[key], evaluate.RANK[CellStatus.EXEMPT]) for key in was)
    assert BETTER.index(evaluate.standing(new)) >= BETTER.index(evaluate.standing(old))


@FEW
@given(situations.situations, situations.rule_lists, situations.valid)
def test_a_valid_credential_never_worsens(found: WorkerFacts, rules: list[RuleFacts], more: CredentialFacts) -> None:
    _is_no_worse(found, msgspec.structs.replace(found, credentials=(*found.credentials, more)), rules)


@FEW
@given(situations.situations, situations.rule_lists, situations.releases)
def test_an_exemption_never_worsens(found: WorkerFacts, rules: list[RuleFacts], more: ExemptionFacts) -> None:
    _is_no_worse(found, msgspec.structs.replace(found, exemptions=(*found.exemptions, more)), rules)


def _said(cells: list[Cell]) -> list[tuple[Any, ...]]:
    return [(one.rule.id, one.status, one.reason, one.credential_id, one.exemption_id, one.wanted) for one in cells]


@FEW
@given(situations.situations, situations.rule_lists)
def test_nothing_changes_before_the_day_that_is_told(found: WorkerFacts, rules: list[RuleFacts]) -> None:
    day = on(-70)
    while day < on(170):
        cells = evaluate.cells(found, rules, day)
        until = min(evaluate.next_change(found, rules, cells, day), on(170))
        assert until > day
        assert all(one.changes_on > day for one in cells)
        between = day + timedelta(days=1)
        while between < until:
            assert _said(evaluate.cells(found, rules, between)) == _said(cells)
            between += timedelta(days=1)
        day = until


@FEW
@given(situations.situations, situations.rule_lists, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(found: WorkerFacts, rules: list[RuleFacts], random: Any) -> None:
    def mixed(items: Any) -> tuple[Any, ...]:
        return tuple(random.sample(list(items), len(items)))

    other = msgspec.structs.replace(
        found,
        assignments=mixed(found.assignments),
        credentials=mixed(found.credentials),
        exemptions=mixed(found.exemptions),
    )
    cells, others = evaluate.cells(found, rules, DAY), evaluate.cells(other, list(mixed(rules)), DAY)
    assert sorted(_said(cells)) == sorted(_said(others))
    assert evaluate.standing(cells) is evaluate.standing(others)
