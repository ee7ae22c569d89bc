"""A model of a credential's lifecycle, run step by step beside the service to compare the two."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.credentials import actions, consistency, expected_rules
from tests.credentials.actions import owner_input, transfer_input
from tests.credentials.expected_rules import DECIDED, State
from tests.service import Tenant

UNDECIDED = ("PENDING", None, None)
ACTIVE_UNCHECKED = ("ACTIVE", None, None)
"""The verification of a credential that needs no review and no check."""
ACCEPTED = ("ACTIVE", "MAY_ENGAGE", "VALID")
REJECTED = ("REVOKED", "MAY_NOT_ENGAGE", "REJECTED")
REVIEW_REQUIRED = ("PENDING", "REVIEW_REQUIRED", None)
"""The verification after a check by a registry without an API."""
EVENTS = {
    "update": "updated",
    "submit": "submitted",
    "addVersion": "versionAdded",
    "editVersion": "updated",
    "approve": "approved",
    "reject": "rejected",
    "verify": "verified",
    "link": "linked",
    "unlinkWorker": "unlinked",
    "unlinkApplicant": "unlinked",
    "transfer": "transferred",
    "transferBack": "transferred",
    "hire": "transferred",
    "archive": "archived",
    "unarchive": "restored",
    "delete": "deleted",
    "undelete": "undeleted",
    "purge": "purged",
    "purgeUnconfirmed": "purged",
}
STEPS = tuple(EVENTS)
NOOP, GONE = "NOOP", "NOT_FOUND"
PERMISSION_FIELDS = {
    operation: f"viewerCan{operation[0].upper()}{operation[1:]}" for operation in expected_rules.OPERATIONS
}


@dataclass
class ExpectedCredential(State):
    """The expected state of a credential."""

    initial_approval: str = "NOT_REQUIRED"
    """The approval with which its versions start."""
    resubmit: bool = False
    purged: bool = False
    verification: tuple[str | None, ...] = UNDECIDED

    def expected_code(self, step: str) -> str:
        """Return the code of a step's refusal, NOOP if nothing changes, or an empty string if the step succeeds."""
        if self.purged:
            return GONE
        if step == "purgeUnconfirmed":
            return expected_rules.refusal("purge", self) or "CONFIRMATION_REQUIRED"
        slots: dict[str, Callable[[], str]] = {
            "link": lambda: NOOP if self.applicant == "Cy" else "",
            "unlinkWorker": lambda: self._unlink_code(self.worker, self.applicant),
            "unlinkApplicant": lambda: self._unlink_code(self.applicant, self.worker),
            "transfer": lambda: "" if self.worker == "Ada" else "OWNER_MISMATCH",
            "transferBack": lambda: "" if self.worker == "Ben" else "OWNER_MISMATCH",
            "hire": self._hire_code,
        }
        if step in slots:
            return expected_rules.refusal("link", self) or slots[step]()
        return expected_rules.refusal(step, self)

    @staticmethod
    def _unlink_code(held: str | None, other: str | None) -> str:
        return NOOP if held is None else "LAST_OWNER" if other is None else ""

    def _hire_code(self) -> str:
        if self.applicant is None:
            return "OWNER_MISMATCH"
        return "ALREADY_LINKED" if self.worker == "Ben" else ""

    def permissions(self) -> dict[str, bool]:
        """Return the expected values of the `viewerCan…` fields."""
        allowed = {name: not expected_rules.refusal(operation, self) for operation, name in PERMISSION_FIELDS.items()}
        both = self.worker is not None and self.applicant is not None
        return {**allowed, PERMISSION_FIELDS["link"]: allowed[PERMISSION_FIELDS["link"]] and not both}

    def effective(self) -> int | None:
        """Return the number of the effective version."""
        counting = [
            number for number, approval in enumerate(self.approvals, 1) if approval in ("NOT_REQUIRED", "APPROVED")
        ]
        return counting[-1] if counting else None

    def apply(self, step: str) -> None:
        """Apply an allowed step to the state."""
        getattr(self, f"_{step}", self._set_lifecycle)(step)

    def _set_lifecycle(self, step: str) -> None:
        marks: dict[str, dict[str, Any]] = {
            "update": {},
            "link": {"applicant": "Cy"},
            "unlinkWorker": {"worker": None},
            "unlinkApplicant": {"applicant": None},
            "transfer": {"worker": "Ben"},
            "transferBack": {"worker": "Ada"},
            "hire": {"worker": "Ada", "applicant": None},
            "archive": {"archived": True},
            "unarchive": {"archived": False},
            "delete": {"deleted": True},
            "undelete": {"deleted": False},
            "purge": {"purged": True},
        }
        for name, value in marks[step].items():
            setattr(self, name, value)

    def _initial_approval(self) -> str:
        """Return the approval of a new version; none counts before the submission."""
        return "PENDING" if self.intake == "REQUESTED" else self.initial_approval

    def _submit(self, _step: str) -> None:
        if self.approvals[-1] in DECIDED:
            self.approvals.append(self.initial_approval)
        else:
            self.approvals[-1] = self.initial_approval
        self.intake = "COMPLETED" if self.initial_approval == "NOT_REQUIRED" else "SUBMITTED"
        self._reset_verification()

    def _reset_verification(self) -> None:
        trusted = self.approvals[-1] == "NOT_REQUIRED" and not self.verifiable
        self.verification = ACTIVE_UNCHECKED if trusted else UNDECIDED

    def _is_rejected(self) -> bool:
        return self.approvals[-1] == "REJECTED" and self.effective() is None

    def _addVersion(self, _step: str) -> None:  # noqa: N802 - named after its step
        rejected = self._is_rejected()
        self.approvals.append(self._initial_approval())
        if rejected:
            self._reset_verification()

    def _editVersion(self, _step: str) -> None:  # noqa: N802 - named after its step
        rejected = self._is_rejected()
        if self.approvals[-1] in DECIDED:
            self.approvals[-1] = self._initial_approval()
        if rejected:
            self._reset_verification()

    def _verify(self, _step: str) -> None:
        if self.approvals[-1] != "REJECTED" or self.effective() is not None:
            self.verification = REVIEW_REQUIRED

    def _approve(self, _step: str) -> None:
        self.approvals[-1] = "APPROVED"
        self.verification = ACCEPTED
        if self.intake == "SUBMITTED":
            self.intake = "COMPLETED"

    def _reject(self, _step: str) -> None:
        self.approvals[-1] = "REJECTED"
        falls = self.effective() is None
        if falls:
            self.verification = REJECTED
        if falls and self.resubmit and self.intake in ("SUBMITTED", "COMPLETED"):
            self.intake = "REQUESTED"


@dataclass
class ModelRun:
    """A credential in the service, with the model to compare it with."""

    tenant: Tenant
    model: ExpectedCredential
    people: dict[str, str]
    key: str
    version: str
    count: int = 0
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def step(self, step: str) -> None:
        """Try a step and compare the result with the model."""
        await self._check_permissions()
        self.rows = self.rows or await self.tenant.rows()
        expected = self.model.expected_code(step)
        assert (step, await self._call(step)) == (step, expected)
        rows = await self.tenant.rows()
        if expected:
            assert rows == self.rows
            return
        self.model.apply(step)
        assert len(rows["events"]) == len(self.rows["events"]) + 1
        assert rows["events"][-1]["kind"].value == f"credential.{EVENTS[step]}"
        await self._check_rows(_revision(self.rows) + 1)
        self.rows = rows

    async def _check_permissions(self) -> None:
        """Assert that the `viewerCan…` fields are what the model allows."""
        shown = await actions.query_credential(self.tenant, self.key, " ".join(PERMISSION_FIELDS.values()))
        assert shown == (None if self.model.purged else self.model.permissions())

    async def _call(self, step: str) -> str:
        name, input = self._input(step)
        selection = "version { id }" if "Version" in name else "credential { id }"
        if name == "credentialSubmit":
            selection = "credential { latestVersion { id } }"
        if name in ("credentialLink", "credentialUnlink", "credentialTransfer"):
            selection = "status"
        payload = await self.tenant.mutate(name, "purgedId" if name == "credentialPurge" else selection, **input)
        if payload["errors"]:
            [error] = payload["errors"]
            return str(error["code"])
        if name == "credentialVersionAdd":
            self.version = payload["version"]["id"]
        if name == "credentialSubmit":
            self.version = payload["credential"]["latestVersion"]["id"]
        return NOOP if payload.get("status") == NOOP else ""

    def _input(self, step: str) -> tuple[str, dict[str, Any]]:
        self.count += 1
        day = (date(2030, 1, 1) + timedelta(days=self.count)).isoformat()
        ada, ben, cy = (self.people[name] for name in ("Ada", "Ben", "Cy"))
        calls: dict[str, tuple[str, dict[str, Any]]] = {
            "update": ("Update", {"identification": {"displayName": f"Renamed {self.count}"}}),
            "addVersion": ("VersionAdd", {"expiryDate": day}),
            "editVersion": ("VersionEdit", {"id": self.version, "expiryDate": day}),
            "verify": ("Verify", {"forceRefresh": True}),
            "link": ("Link", {"to": owner_input(cy)}),
            "unlinkWorker": ("Unlink", {"ownerType": "WORKER"}),
            "unlinkApplicant": ("Unlink", {"ownerType": "APPLICANT"}),
            "transfer": ("Transfer", transfer_input(ada, ben)),
            "transferBack": ("Transfer", transfer_input(ben, ada)),
            "hire": ("Transfer", transfer_input(cy, ada)),
            "purge": ("Purge", {"confirm": True}),
            "purgeUnconfirmed": ("Purge", {}),
        }
        name, input = calls.get(step, (step.capitalize(), {}))
        return f"credential{name}", {"id": self.key, **input}

    async def _check_rows(self, revision: int) -> None:
        """Assert that the credential's rows match the model and the revision."""
        if self.model.purged:
            await consistency.assert_purged(self.tenant, self.key)
            return
        row = await actions.credential_row(self.tenant, self.key)
        history = await actions.version_rows(self.tenant, self.key)
        model = self.model
        assert row.revision == revision
        assert (row.archived_at is not None, row.deleted_at is not None) == (model.archived, model.deleted)
        assert (row.worker_id, row.applicant_id) == (
            self.people.get(model.worker or ""),
            self.people.get(model.applicant or ""),
        )
        assert (row.intake, row.status, row.eligibility, row.status_detail) == (model.intake, *model.verification)
        assert [version.approval for version in history] == model.approvals
        numbers = {version.id: version.number for version in history}
        assert numbers.get(row.effective_version_id or "") == model.effective()
        await consistency.assert_consistent(self.tenant, row)


def _revision(rows: dict[str, list[dict[str, Any]]]) -> int:
    return int(rows["credentials"][0]["revision"])
