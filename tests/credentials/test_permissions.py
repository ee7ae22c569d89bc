"""The rules of permissions.py in every state, against a table written by hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from app.access import ReviewPolicy
from app.core.errors import DomainError
from app.credential_types.tables import CreationPolicy, CredentialCategory, CredentialType
from app.credentials import permissions
from app.credentials.tables import (
    NEVER,
    ApprovalStatus,
    Credential,
    CredentialVersion,
    IntakeStatus,
    OwnerType,
    VerificationStatus,
)
from tests.credentials import expected_rules
from tests.credentials.expected_rules import State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATEST, OLDER = "cver_0000000000000002", "cver_0000000000000001"
Rule = Callable[[Credential, bool], DomainError | None]
RULES: dict[str, Rule] = {
    "update": lambda credential, _: permissions.update(credential),
    "submit": lambda credential, _: permissions.submit(credential),
    "addVersion": lambda credential, _: permissions.update(credential),
    "editVersion": lambda credential, final: permissions.edit_latest(credential, policy=ReviewPolicy(final)),
    "attach": lambda credential, final: permissions.attach(credential, policy=ReviewPolicy(final)),
    "approve": lambda credential, final: permissions.approve(credential, policy=ReviewPolicy(final)),
    "reject": lambda credential, final: permissions.reject(credential, policy=ReviewPolicy(final)),
    "verify": lambda credential, _: permissions.verify(credential),
    "link": lambda credential, _: permissions.own(credential),
    "unlink": lambda credential, _: permissions.unlink_any(credential),
    "transfer": lambda credential, _: permissions.own(credential),
    "archive": lambda credential, _: permissions.archive(credential),
    "unarchive": lambda credential, _: permissions.unarchive(credential),
    "delete": lambda credential, _: permissions.delete(credential),
    "undelete": lambda credential, _: permissions.undelete(credential),
    "purge": lambda credential, _: permissions.purge(credential),
}
OWNERS = (("Ada", None), (None, "Cy"), ("Ada", "Cy"))
ALL = [
    State(final, verifiable, intake, *life, ["PENDING", approval], *owners)
    for final, verifiable, intake, life, approval, owners in product(
        (False, True),
        (False, True),
        expected_rules.INTAKES,
        expected_rules.LIFECYCLE_STATES,
        expected_rules.APPROVALS,
        OWNERS,
    )
]


def credential_in(state: State) -> Credential:
    """Return a credential in a state."""
    return Credential(
        organization_id="org_1",
        id="cred_1",
        display_name="WWCC",
        credential_type_id="ctyp_1",
        type_code="WWCC_NSW",
        category=CredentialCategory.SCREENING,
        status=VerificationStatus.PENDING,
        worker_id=state.worker,
        applicant_id=state.applicant,
        intake=IntakeStatus(state.intake),
        is_verifiable=state.verifiable,
        latest_version_id=LATEST,
        latest_version_at=NOW,
        latest_approval=ApprovalStatus(state.approvals[-1]),
        expires_on=NEVER,
        archived_at=NOW if state.archived else None,
        deleted_at=NOW if state.deleted else None,
        created_at=NOW,
        updated_at=NOW,
    )


def version(key: str, approval: ApprovalStatus = ApprovalStatus.PENDING) -> CredentialVersion:
    return CredentialVersion(
        organization_id="org_1",
        id=key,
        credential_id="cred_1",
        credential_type_id="ctyp_1",
        number=2,
        approval=approval,
        created_by="key_1",
        created_at=NOW,
    )


def code(refusal: DomainError | None) -> str:
    return "" if refusal is None else str(refusal.code)


def test_every_operation_is_in_the_table() -> None:
    assert tuple(RULES) == expected_rules.OPERATIONS
    named = {
        name for name, value in vars(permissions).items() if getattr(value, "__module__", "") == permissions.__name__
    }
    of_versions_and_owners = {"edit_latest", "edit_version", "own", "link_any", "unlink", "unlink_any", "is_rejected"}
    of_versions_and_owners |= {"discard", "receive", "resolve"}
    of_the_rest = {"create", *RULES} - {"addVersion", "editVersion", "link", "transfer"}
    assert {name for name in named if not name.startswith("_")} == of_versions_and_owners | of_the_rest


@pytest.mark.parametrize("operation", expected_rules.OPERATIONS)
def test_the_rule_matches_the_table_in_every_state(operation: str) -> None:
    for state in ALL:
        credential = credential_in(state)
        before = credential.model_dump()
        assert (code(RULES[operation](credential, state.final)), state) == (
            expected_rules.refusal(operation, state),
            state,
        )
        assert credential.model_dump() == before


def test_every_state_allows_an_operation() -> None:
    for state in ALL:
        allowed = [operation for operation in expected_rules.OPERATIONS if not expected_rules.refusal(operation, state)]
        assert allowed, state
        assert ("delete" in allowed) is not state.deleted


def test_from_every_state_a_credential_can_become_live_and_be_purged() -> None:
    steps = {"archive": (True, None), "unarchive": (False, None), "delete": (None, True), "undelete": (None, False)}
    for state in ALL:
        reached, ends, waiting = set[tuple[bool, bool]](), set[str](), [(state.archived, state.deleted)]
        while waiting:
            archived, deleted = life = waiting.pop()
            reached.add(life)
            credential = credential_in(State(**{**vars(state), "archived": archived, "deleted": deleted}))
            ends |= {"purged"} if RULES["purge"](credential, state.final) is None else set()
            for operation, (archive, delete) in steps.items():
                after = (archived if archive is None else archive, deleted if delete is None else delete)
                if RULES[operation](credential, state.final) is None and after not in reached:
                    waiting.append(after)
        assert ((False, False) in reached, ends) == (True, {"purged"}), state


@pytest.mark.parametrize("operation", ["approve", "reject"])
def test_a_named_version_is_reviewed_by_its_own_approval(operation: str) -> None:
    decide: Any = getattr(permissions, operation)
    for state, approval in product(ALL, expected_rules.APPROVALS):
        named = State(**{**vars(state), "approvals": [approval]})
        refusal = decide(credential_in(state), ApprovalStatus(approval), policy=ReviewPolicy(state.final))
        assert (code(refusal), state) == (expected_rules.refusal(operation, named), state)


def test_only_the_latest_version_can_be_edited_and_general_refusals_come_first() -> None:
    for state in ALL:
        credential = credential_in(state)
        latest = permissions.edit_version(credential, version(LATEST), policy=ReviewPolicy(state.final))
        assert code(latest) == expected_rules.refusal("editVersion", state)
        life = expected_rules.BY_LIFECYCLE["editVersion"][
            expected_rules.LIFECYCLE_STATES.index((state.archived, state.deleted))
        ]
        older = permissions.edit_version(credential, version(OLDER), policy=ReviewPolicy(state.final))
        assert code(older) == (life or "NOT_LATEST_VERSION")


def test_a_credential_whose_owners_are_deleted_is_only_saved_or_purged() -> None:
    for state in ALL:
        credential = credential_in(state)
        credential.living_owner = None
        for operation in expected_rules.OPERATIONS:
            expected = "DELETED"
            if operation in ("link", "unlink", "transfer") or (operation == "undelete" and not state.deleted):
                expected = expected_rules.refusal(operation, state)
            elif operation == "purge":
                expected = ""
            assert (code(RULES[operation](credential, state.final)), state) == (expected, state), operation


@pytest.mark.parametrize("slot", OwnerType)
def test_an_owner_can_be_unlinked_if_the_other_stays(slot: OwnerType) -> None:
    for state in ALL:
        other = state.applicant if slot is OwnerType.WORKER else state.worker
        expected = "DELETED" if state.deleted else "LAST_OWNER" if other is None else ""
        assert code(permissions.unlink(credential_in(state), slot)) == expected


def test_a_waiting_file_can_be_removed_while_the_credential_is_live() -> None:
    for state in ALL:
        expected = expected_rules.BY_LIFECYCLE["attach"][
            expected_rules.LIFECYCLE_STATES.index((state.archived, state.deleted))
        ]
        assert code(permissions.discard(credential_in(state))) == expected


def test_a_purge_is_confirmed_last() -> None:
    for state in ALL:
        expected = expected_rules.refusal("purge", state) or "CONFIRMATION_REQUIRED"
        assert code(permissions.purge(credential_in(state), confirmed=False)) == expected


@pytest.mark.parametrize(
    ("policy", "archived", "expected"),
    [
        (CreationPolicy.OPEN, False, ""),
        (CreationPolicy.REQUEST_ONLY, False, "CREATION_NOT_ALLOWED"),
        (CreationPolicy.OPEN, True, "TYPE_ARCHIVED"),
        (CreationPolicy.REQUEST_ONLY, True, "TYPE_ARCHIVED"),
    ],
)
def test_creation_depends_on_the_type(policy: CreationPolicy, archived: bool, expected: str) -> None:
    credential_type = CredentialType(
        organization_id="org_1",
        id="ctyp_1",
        code="WWCC_NSW",
        name="WWCC",
        category=CredentialCategory.SCREENING,
        supports=[],
        requires=[],
        creation_policy=policy,
        archived_at=NOW if archived else None,
        created_at=NOW,
        updated_at=NOW,
    )
    assert code(permissions.create(credential_type)) == expected
