"""The evaluation of workers: cells for each state of worker, credential, rule and exemption, and general properties."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.compliance.evaluation import assess, evaluate
from app.compliance.evaluation.facts import (
    AssignmentFacts,
    Cell,
    CellStatus,
    CredentialFacts,
    ExemptionFacts,
    RuleFacts,
    WorkerFacts,
)
from app.compliance.tables import RequirementLevel, RuleScope
from app.credentials.effective_version import Period
from app.credentials.tables import NEVER, ApprovalStatus, IntakeStatus, VerificationStatus
from app.registries.findings import Eligibility
from app.workers.tables import Standing
from tests.compliance import fact_builders
from tests.compliance.fact_builders import (
    DAY,
    POSITIONS,
    TYPES,
    UNITS,
    credential_facts,
    on,
    period,
    rule_facts,
    worker_facts,
)

A, B, C = TYPES
FEW = settings(max_examples=300, deadline=None)


def cell(worker: WorkerFacts, applied_rule: RuleFacts | None = None, day: date = DAY) -> Cell:
    [result] = evaluate.cells(worker, [applied_rule or rule_facts()], day)
    return result


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
        {"expires_on": on(-1), "latest_approval": ApprovalStatus.PENDING},
        CellStatus.IN_REVIEW,
        "It expired on 2026-06-14, and its renewal waits for a reviewer.",
    ),
    (
        "expired, never approved",
        {"expires_on": on(-1), "latest_approval": ApprovalStatus.PENDING, "is_effective": False},
        CellStatus.EXPIRED,
        "It expired on 2026-06-14.",
    ),
    ("from tomorrow", {"valid_from": on(1)}, CellStatus.MISSING, "It is valid from 2026-06-16."),
    (
        "from tomorrow, never approved",
        {"valid_from": on(1), "latest_approval": ApprovalStatus.PENDING, "is_effective": False},
        CellStatus.MISSING,
        "It is valid from 2026-06-16, and waits for a reviewer.",
    ),
    ("from today", {"valid_from": on(0)}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    (
        "requested",
        {"intake": IntakeStatus.REQUESTED},
        CellStatus.MISSING,
        "Nothing was provided; it is asked since 2023-09-19.",
    ),
    (
        "cancelled",
        {"intake": IntakeStatus.CANCELLED},
        CellStatus.MISSING,
        "Nothing was provided; it is asked since 2023-09-19.",
    ),
    ("completed", {"intake": IntakeStatus.COMPLETED}, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    (
        "submitted",
        {"intake": IntakeStatus.SUBMITTED, "latest_approval": ApprovalStatus.PENDING, "is_effective": False},
        CellStatus.IN_REVIEW,
        "It waits for a reviewer.",
    ),
    (
        "rejected",
        {"latest_approval": ApprovalStatus.REJECTED, "is_effective": False},
        CellStatus.INELIGIBLE,
        "What was provided was rejected.",
    ),
    (
        "an older one stands",
        {"latest_approval": ApprovalStatus.REJECTED},
        CellStatus.SATISFIED,
        "It is valid until 2027-06-15.",
    ),
    (
        "renewal pending",
        {"latest_approval": ApprovalStatus.PENDING},
        CellStatus.SATISFIED,
        "It is valid until 2027-06-15.",
    ),
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
def test_the_cell_of_one_credential(changed: dict[str, Any], status: CellStatus, reason: str) -> None:
    result = cell(worker_facts(credential_facts(**changed)))
    assert (result.status, result.reason) == (status, reason)
    is_absent = reason.startswith("Nothing was provided")
    assert result.credential_id == (None if is_absent else "held")
    is_in_hand = status is CellStatus.MISSING and not is_absent
    assert result.wanted == ((A,) if status in assess.FAILING and not is_in_hand else ())


def test_the_best_of_several_counts() -> None:
    worse = [
        credential_facts(id="1", expires_on=on(-9)),
        credential_facts(id="2", eligibility=Eligibility.MAY_NOT_ENGAGE),
        credential_facts(id="3", expires_on=on(9)),
    ]
    assert cell(worker_facts(*worse)).credential_id == "3"
    assert cell(worker_facts(*worse[:2])).credential_id == "1"
    assert cell(worker_facts(*worse, credential_facts(id="4", expires_on=on(90)))).credential_id == "4"
    equal = [
        credential_facts(id="5", expires_on=on(90)),
        credential_facts(id="6", expires_on=on(91)),
        credential_facts(id="7", expires_on=on(91)),
    ]
    assert cell(worker_facts(*equal)).credential_id == "6"


GRACE: list[tuple[str, WorkerFacts, RuleFacts, CellStatus, str]] = [
    (
        "first day",
        worker_facts(),
        rule_facts(effective_from=on(0), grace_days=3),
        CellStatus.GRACE,
        "Nothing was provided. There is time until 2026-06-17.",
    ),
    (
        "last day",
        worker_facts(),
        rule_facts(effective_from=on(-2), grace_days=3),
        CellStatus.GRACE,
        "Nothing was provided. There is time until 2026-06-15.",
    ),
    (
        "over",
        worker_facts(),
        rule_facts(effective_from=on(-3), grace_days=3),
        CellStatus.MISSING,
        "Nothing was provided; it is asked since 2026-06-12.",
    ),
    (
        "after its expiry",
        worker_facts(credential_facts(expires_on=on(-3))),
        rule_facts(grace_days=3),
        CellStatus.GRACE,
        "It expired on 2026-06-12. There is time until 2026-06-15.",
    ),
    (
        "over after its expiry",
        worker_facts(credential_facts(expires_on=on(-4))),
        rule_facts(grace_days=3),
        CellStatus.EXPIRED,
        "It expired on 2026-06-11.",
    ),
    (
        "expired before it was asked",
        worker_facts(credential_facts(expires_on=on(-99))),
        rule_facts(effective_from=on(-1), grace_days=3),
        CellStatus.GRACE,
        "It expired on 2026-03-08. There is time until 2026-06-16.",
    ),
    (
        "none for the barred",
        worker_facts(credential_facts(eligibility=Eligibility.MAY_NOT_ENGAGE)),
        rule_facts(effective_from=on(0), grace_days=30),
        CellStatus.INELIGIBLE,
        "Its holder may not be engaged.",
    ),
    (
        "before the first day of work",
        worker_facts(since=on(5)),
        rule_facts(),
        CellStatus.GRACE,
        "Nothing was provided. There is time until 2026-06-19.",
    ),
]


@pytest.mark.parametrize(
    ("worker", "applied_rule", "status", "reason"), [row[1:] for row in GRACE], ids=[r[0] for r in GRACE]
)
def test_grace_days(worker: WorkerFacts, applied_rule: RuleFacts, status: CellStatus, reason: str) -> None:
    result = cell(worker, applied_rule)
    assert (result.status, result.reason, result.wanted) == (status, reason, (A,))


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


@pytest.mark.parametrize(("worker", "applied_rule", "since"), [row[1:] for row in SINCE], ids=[r[0] for r in SINCE])
def test_a_rule_applies_to_its_workers_since_a_day(
    worker: dict[str, Any], applied_rule: dict[str, Any], since: date | None
) -> None:
    facts = worker_facts(**worker)
    assert evaluate.applies_since(rule_facts(**applied_rule), facts, DAY) == since
    assert len(evaluate.cells(facts, [rule_facts(**applied_rule)], DAY)) == (since is not None)


def test_any_of_the_alternatives_is_enough() -> None:
    either = rule_facts(alternatives=(A, B))
    assert cell(worker_facts(credential_facts(type_id=B)), either).status is CellStatus.SATISFIED
    assert cell(worker_facts(), either).wanted == (A,)
    assert cell(worker_facts(credential_facts(type_id=B, expires_on=on(-1))), either).status is CellStatus.EXPIRED


def test_the_minimum_number_of_alternatives_is_required() -> None:
    two_of_three = rule_facts(alternatives=(A, B, C), minimum=2)
    one_met = cell(worker_facts(credential_facts(type_id=B)), two_of_three)
    assert one_met.status is CellStatus.MISSING
    assert one_met.reason == "1 of 2 are in order. Nothing was provided; it is asked since 2023-09-19."
    assert one_met.wanted == (A,)
    assert cell(worker_facts(), two_of_three).wanted == (A, B)
    two_met = cell(
        worker_facts(credential_facts(id="b", type_id=B), credential_facts(id="c", type_id=C, expires_on=on(5))),
        two_of_three,
    )
    assert (two_met.status, two_met.credential_id, two_met.wanted) == (CellStatus.EXPIRING, "c", ())
    assert cell(worker_facts(credential_facts()), rule_facts(minimum=5)).status is CellStatus.SATISFIED


@pytest.mark.parametrize("kept", [(A, B), (B, A)])
@pytest.mark.parametrize(("later", "days"), [(300, 200), (20, 10), (-10, -20)])
def test_of_two_types_in_one_status_the_longer_lasting_decides(kept: tuple[str, str], later: int, days: int) -> None:
    held = worker_facts(
        credential_facts(id="shorter", type_id=A, expires_on=on(days)),
        credential_facts(id="longer", type_id=B, expires_on=on(later)),
    )
    assert cell(held, rule_facts(alternatives=kept)).credential_id == "longer"
    assert cell(held, rule_facts(alternatives=kept, minimum=2)).credential_id == "shorter"


def test_of_two_types_that_are_not_valid_yet_the_earlier_decides() -> None:
    held = worker_facts(
        credential_facts(id="late", type_id=A, valid_from=on(20)),
        credential_facts(id="early", type_id=B, valid_from=on(10)),
    )
    result = cell(held, rule_facts(alternatives=(A, B)))
    assert (result.credential_id, evaluate.changes_on(result)) == ("early", on(10))


@pytest.mark.parametrize("kept", [(A, B), (B, A)])
@pytest.mark.parametrize("grace_days", [0, 2_000])
def test_what_is_held_and_not_valid_yet_decides_before_a_type_of_which_nothing_is(
    kept: tuple[str, str], grace_days: int
) -> None:
    held = worker_facts(credential_facts(type_id=B, valid_from=on(10)))
    result = cell(held, rule_facts(alternatives=kept, grace_days=grace_days))
    assert (result.credential_id, result.wanted) == ("held", ())
    assert result.reason.startswith("It is valid from 2026-06-25.")
    both = cell(held, rule_facts(alternatives=kept, minimum=2))
    assert (both.credential_id, both.wanted) == (None, (A,))
    assert both.reason.startswith("0 of 2 are in order. Nothing was provided")


def test_exemptions() -> None:
    of_rule = ExemptionFacts("exemption", on(-1), on(1), rule_id="rule")
    of_type = ExemptionFacts("exemption", on(-1), type_id=A)
    for release, reason in ((of_rule, "Exempt until 2026-06-16."), (of_type, "Exempt since 2026-06-14.")):
        result = cell(worker_facts(exemptions=(release,)))
        assert (result.status, result.reason, result.exemption_id) == (CellStatus.EXEMPT, reason, "exemption")
        assert (result.credential_id, result.wanted) == (None, ())
        needless = cell(worker_facts(credential_facts(), exemptions=(release,)))
        assert (needless.status, needless.exemption_id) == (CellStatus.SATISFIED, None)
    for other in (
        msgspec.structs.replace(of_rule, rule_id="another"),
        msgspec.structs.replace(of_rule, to_date=on(-1)),
        msgspec.structs.replace(of_type, from_date=on(1)),
        msgspec.structs.replace(of_type, type_id=B),
    ):
        assert cell(worker_facts(exemptions=(other,))).status is CellStatus.MISSING
    two = rule_facts(alternatives=(A, B), minimum=2)
    assert cell(worker_facts(credential_facts(type_id=B), exemptions=(of_type,)), two).status is CellStatus.EXEMPT
    assert (
        cell(worker_facts(credential_facts(type_id=B, expires_on=on(3)), exemptions=(of_type,)), two).status
        is CellStatus.EXPIRING
    )
    assert cell(worker_facts(exemptions=(of_type,)), two).wanted == (B,)


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
    worker = worker_facts(credential_facts(**changed))
    assert evaluate.standing(evaluate.cells(worker, [rule_facts()], DAY)) is expected
    assert (
        evaluate.standing(evaluate.cells(worker, [rule_facts(level=RequirementLevel.OPTIONAL)], DAY))
        is Standing.COMPLIANT
    )
    both = [rule_facts(), rule_facts(id="other", alternatives=(C,), grace_days=9_999)]
    worse = Standing.AT_RISK if expected is Standing.COMPLIANT else expected
    assert evaluate.standing(evaluate.cells(worker, both, DAY)) is worse


def test_no_rules_is_compliant() -> None:
    assert evaluate.standing([]) is Standing.COMPLIANT
    assert evaluate.next_change(worker_facts(), [], [], DAY) == date.max


def _ranks(cells: list[Cell]) -> dict[str, int]:
    return {item.rule.id: assess.RANK[item.status] for item in cells}


BETTER = [Standing.NON_COMPLIANT, Standing.AT_RISK, Standing.COMPLIANT]


def _assert_no_worse(before: WorkerFacts, now: WorkerFacts, rules: list[RuleFacts]) -> None:
    old, new = (evaluate.cells(worker, rules, DAY) for worker in (before, now))
    old_ranks, new_ranks = _ranks(old), _ranks(new)
    # An exemption may replace SATISFIED without making the worker worse off.
    assert all(new_ranks[key] <= max(old_ranks[key], assess.RANK[CellStatus.EXEMPT]) for key in old_ranks)
    assert BETTER.index(evaluate.standing(new)) >= BETTER.index(evaluate.standing(old))


@FEW
@given(fact_builders.workers, fact_builders.rule_lists, fact_builders.valid_credentials)
def test_a_valid_credential_never_worsens_a_standing(
    worker: WorkerFacts, rules: list[RuleFacts], credential: CredentialFacts
) -> None:
    _assert_no_worse(worker, msgspec.structs.replace(worker, credentials=(*worker.credentials, credential)), rules)


@FEW
@given(fact_builders.workers, fact_builders.rule_lists, fact_builders.exemptions)
def test_an_exemption_never_worsens_a_standing(
    worker: WorkerFacts, rules: list[RuleFacts], exemption: ExemptionFacts
) -> None:
    _assert_no_worse(worker, msgspec.structs.replace(worker, exemptions=(*worker.exemptions, exemption)), rules)


def _summaries(cells: list[Cell]) -> list[tuple[Any, ...]]:
    return [
        (item.rule.id, item.status, item.reason, item.credential_id, item.exemption_id, item.wanted) for item in cells
    ]


@FEW
@given(fact_builders.workers, fact_builders.rule_lists)
def test_no_cell_changes_before_the_next_change(worker: WorkerFacts, rules: list[RuleFacts]) -> None:
    day = on(-70)
    while day < on(170):
        cells = evaluate.cells(worker, rules, day)
        until = min(evaluate.next_change(worker, rules, cells, day), on(170))
        assert until > day
        assert all(item.may_change_on > day for item in cells)
        between = day + timedelta(days=1)
        while between < until:
            assert _summaries(evaluate.cells(worker, rules, between)) == _summaries(cells)
            between += timedelta(days=1)
        day = until


@FEW
@given(fact_builders.workers, fact_builders.rule_lists, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter(worker: WorkerFacts, rules: list[RuleFacts], random: Any) -> None:
    def shuffled(items: Any) -> tuple[Any, ...]:
        return tuple(random.sample(list(items), len(items)))

    other = msgspec.structs.replace(
        worker,
        assignments=shuffled(worker.assignments),
        credentials=shuffled(worker.credentials),
        exemptions=shuffled(worker.exemptions),
    )
    cells, others = evaluate.cells(worker, rules, DAY), evaluate.cells(other, list(shuffled(rules)), DAY)
    assert sorted(_summaries(cells)) == sorted(_summaries(others))
    assert evaluate.standing(cells) is evaluate.standing(others)


RENEWED = (period(on(-365), on(20), "1"), period(on(21), on(400), "2"))
GAP = (period(on(-365), on(20), "1"), period(on(25), on(400), "2"))
LATE = (period(on(-365), on(365), "1"), period(on(-2_000), on(-1_500), "2"))
SHORT = (period(on(-365), on(365), "1"), period(on(-9), on(-1), "2"))
WAITING = Period("3", on(30), on(400), decided=False)
RENEWALS: list[tuple[str, list[dict[str, Any]], int, CellStatus, str]] = [
    ("in hand", [{"decided": RENEWED}], -50, CellStatus.SATISFIED, "until 2026-07-05, and renewed from 2026-07-06."),
    ("near the end", [{"decided": RENEWED}], 5, CellStatus.SATISFIED, "until 2026-07-05, and renewed from 2026-07-06."),
    (
        "the last day",
        [{"decided": RENEWED}],
        20,
        CellStatus.SATISFIED,
        "until 2026-07-05, and renewed from 2026-07-06.",
    ),
    ("begun", [{"decided": RENEWED}], 21, CellStatus.SATISFIED, "It is valid until 2027-07-20."),
    ("with a gap", [{"decided": GAP}], -50, CellStatus.SATISFIED, "2026-07-05, and is renewed from 2026-07-10."),
    (
        "near a gap",
        [{"decided": GAP}],
        5,
        CellStatus.EXPIRING,
        "It expires on 2026-07-05, and is renewed from 2026-07-10.",
    ),
    (
        "in the gap",
        [{"decided": GAP}],
        22,
        CellStatus.EXPIRED,
        "It expired on 2026-07-05, and is renewed from 2026-07-10.",
    ),
    ("after the gap", [{"decided": GAP}], 25, CellStatus.SATISFIED, "It is valid until 2027-07-20."),
    ("an old one late", [{"decided": LATE}], 0, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    ("back to the older", [{"decided": SHORT}], 0, CellStatus.SATISFIED, "It is valid until 2027-06-15."),
    ("before the older", [{"decided": SHORT}], -2, CellStatus.SATISFIED, "2026-06-14, and renewed from 2026-06-15."),
    ("both over", [{"decided": SHORT}], 366, CellStatus.EXPIRED, "It expired on 2026-06-14."),
    ("none begun", [{"decided": RENEWED}], -400, CellStatus.MISSING, "It is valid from 2025-06-15."),
    (
        "another credential",
        [{"expires_on": on(20)}, {"id": "next", "valid_from": on(21), "expires_on": on(400)}],
        5,
        CellStatus.SATISFIED,
        "It is valid until 2026-07-05, and renewed from 2026-07-06.",
    ),
    (
        "another credential after a gap",
        [{"expires_on": on(20)}, {"id": "next", "valid_from": on(25), "expires_on": on(400)}],
        22,
        CellStatus.EXPIRED,
        "It expired on 2026-07-05, and is renewed from 2026-07-10.",
    ),
    (
        "another credential that is not checked yet",
        [
            {"expires_on": on(20)},
            {"id": "next", "valid_from": on(21), "expires_on": on(400), "status": VerificationStatus.PENDING},
        ],
        5,
        CellStatus.EXPIRING,
        "It expires on 2026-07-05.",
    ),
    (
        "waiting, near the end",
        [{"decided": RENEWED[:1], "pending": WAITING, "latest_approval": ApprovalStatus.PENDING}],
        5,
        CellStatus.EXPIRING,
        "It expires on 2026-07-05, and its renewal waits for a reviewer.",
    ),
    (
        "waiting, not begun",
        [{"decided": RENEWED[:1], "pending": WAITING, "latest_approval": ApprovalStatus.PENDING}],
        25,
        CellStatus.EXPIRED,
        "It expired on 2026-07-05, and its renewal from 2026-07-15 waits for a reviewer.",
    ),
    (
        "waiting, begun",
        [{"decided": RENEWED[:1], "pending": WAITING, "latest_approval": ApprovalStatus.PENDING}],
        30,
        CellStatus.IN_REVIEW,
        "It expired on 2026-07-05, and its renewal waits for a reviewer.",
    ),
    (
        "waited in vain",
        [{"decided": RENEWED[:1], "pending": WAITING, "latest_approval": ApprovalStatus.PENDING}],
        401,
        CellStatus.EXPIRED,
        "It expired on 2026-07-05.",
    ),
]
IN_HAND = {"in the gap", "none begun", "another credential after a gap", "waiting, not begun"}


@pytest.mark.parametrize(("name", "held", "days", "status", "reason"), RENEWALS, ids=[r[0] for r in RENEWALS])
def test_the_cell_of_a_credential_with_several_versions(
    name: str, held: list[dict[str, Any]], days: int, status: CellStatus, reason: str
) -> None:
    result = cell(worker_facts(*(credential_facts(**changed) for changed in held)), day=on(days))
    assert (result.status, result.credential_id) == (status, "held")
    assert result.reason.endswith(reason)
    assert result.wanted == ((A,) if status in assess.FAILING and name not in IN_HAND else ())


def test_grace_counts_from_the_last_day_that_any_version_held() -> None:
    held = credential_facts(decided=(period(on(-365), on(-3), "1"), period(on(-99), on(-50), "2")))
    result = cell(worker_facts(held), rule_facts(grace_days=5))
    assert (result.status, result.reason) == (
        CellStatus.GRACE,
        "It expired on 2026-04-26. There is time until 2026-06-17.",
    )


def test_types_in_hand_are_not_asked_for_but_others_are() -> None:
    early = credential_facts(type_id=B, valid_from=on(5))
    assert cell(worker_facts(early), rule_facts(alternatives=(A, B))).wanted == ()
    assert cell(worker_facts(early), rule_facts(alternatives=(A, B, C), minimum=2)).wanted == (A,)


@FEW
@given(fact_builders.workers, fact_builders.rule_lists)
def test_a_cell_changes_on_the_day_that_it_names_and_not_before(worker: WorkerFacts, rules: list[RuleFacts]) -> None:
    for item in evaluate.cells(worker, rules, DAY):
        changes_on = evaluate.changes_on(item)
        day = DAY
        while (day := day + timedelta(days=1)) <= min(changes_on, on(200)):
            later = [other.status for other in evaluate.cells(worker, [item.rule], day)]
            assert (later == [item.status]) == (day != changes_on)
