"""A credential's life walked step by step through the service, beside a model that says what each step must do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.credentials import audit, life, rules
from tests.credentials.life import move, owner
from tests.credentials.rules import DECIDED, State
from tests.service import Tenant

UNDECIDED = ("PENDING", None, None)
TRUSTED = ("ACTIVE", None, None)
"""What nobody has to look at."""
IN_FORCE = ("ACTIVE", "MAY_ENGAGE", "VALID")
FALLEN = ("REVOKED", "MAY_NOT_ENGAGE", "REJECTED")
BY_HAND = ("PENDING", "REVIEW_REQUIRED", None)
"""What the registry finds where a person has to look."""
FACTS = {
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
    "restore": "restored",
    "delete": "deleted",
    "undelete": "undeleted",
    "purge": "purged",
    "purgeUnconfirmed": "purged",
}
STEPS = tuple(FACTS)
NOOP, GONE = "NOOP", "NOT_FOUND"
MAY = {operation: f"viewerCan{operation[0].upper()}{operation[1:]}" for operation in rules.OPERATIONS}


@dataclass
class Model(State):
    """What a credential must be."""

    first: str = "NOT_REQUIRED"
    """What its versions' approval begins with."""
    resubmit: bool = False
    gone: bool = False
    standing: tuple[str | None, ...] = UNDECIDED

    def answer(self, step: str) -> str:
        """The code that a step gets, NOOP where it is so already, or nothing when it is done."""
        if self.gone:
            return GONE
        if step == "purgeUnconfirmed":
            return rules.refusal("purge", self) or "CONFIRMATION_REQUIRED"
        slots: dict[str, Callable[[], str]] = {
            "link": lambda: NOOP if self.applicant == "Cy" else "",
            "unlinkWorker": lambda: self._unlinking(self.worker, self.applicant),
            "unlinkApplicant": lambda: self._unlinking(self.applicant, self.worker),
            "transfer": lambda: "" if self.worker == "Ada" else "OWNER_MISMATCH",
            "transferBack": lambda: "" if self.worker == "Ben" else "OWNER_MISMATCH",
            "hire": self._hiring,
        }
        if step in slots:
            return rules.refusal("link", self) or slots[step]()
        return rules.refusal(step, self)

    @staticmethod
    def _unlinking(held: str | None, other: str | None) -> str:
        return NOOP if held is None else "LAST_OWNER" if other is None else ""

    def _hiring(self) -> str:
        if self.applicant is None:
            return "OWNER_MISMATCH"
        return "ALREADY_LINKED" if self.worker == "Ben" else ""

    def may(self) -> dict[str, bool]:
        """What `viewerCan…` must say."""
        allowed = {name: not rules.refusal(operation, self) for operation, name in MAY.items()}
        both = self.worker is not None and self.applicant is not None
        return {**allowed, MAY["link"]: allowed[MAY["link"]] and not both}

    def effective(self) -> int | None:
        """The number of the version that counts."""
        counting = [number for number, one in enumerate(self.approvals, 1) if one in ("NOT_REQUIRED", "APPROVED")]
        return counting[-1] if counting else None

    def take(self, step: str) -> None:
        """Go where an allowed step leads."""
        getattr(self, f"_{step}", self._mark)(step)

    def _mark(self, step: str) -> None:
        marks: dict[str, dict[str, Any]] = {
            "update": {},
            "link": {"applicant": "Cy"},
            "unlinkWorker": {"worker": None},
            "unlinkApplicant": {"applicant": None},
            "transfer": {"worker": "Ben"},
            "transferBack": {"worker": "Ada"},
            "hire": {"worker": "Ada", "applicant": None},
            "archive": {"archived": True},
            "restore": {"archived": False},
            "delete": {"deleted": True},
            "undelete": {"deleted": False},
            "purge": {"gone": True},
        }
        for name, value in marks[step].items():
            setattr(self, name, value)

    def _begin(self) -> str:
        """Where a new version's approval begins: what nobody has submitted counts for nothing."""
        return "PENDING" if self.intake == "REQUESTED" else self.first

    def _submit(self, _step: str) -> None:
        if self.approvals[-1] in DECIDED:
            self.approvals.append(self.first)
        else:
            self.approvals[-1] = self.first
        self.intake = "COMPLETED" if self.first == "NOT_REQUIRED" else "SUBMITTED"
        self._stand_anew()

    def _stand_anew(self) -> None:
        trusted = self.approvals[-1] == "NOT_REQUIRED" and not self.verifiable
        self.standing = TRUSTED if trusted else UNDECIDED

    def _is_rejected(self) -> bool:
        return self.approvals[-1] == "REJECTED" and self.effective() is None

    def _addVersion(self, _step: str) -> None:  # noqa: N802 - named after its step
        rejected = self._is_rejected()
        self.approvals.append(self._begin())
        if rejected:
            self._stand_anew()

    def _editVersion(self, _step: str) -> None:  # noqa: N802 - named after its step
        rejected = self._is_rejected()
        if self.approvals[-1] in DECIDED:
            self.approvals[-1] = self._begin()
        if rejected:
            self._stand_anew()

    def _verify(self, _step: str) -> None:
        if self.approvals[-1] != "REJECTED" or self.effective() is not None:
            self.standing = BY_HAND

    def _approve(self, _step: str) -> None:
        self.approvals[-1] = "APPROVED"
        self.standing = IN_FORCE
        if self.intake == "SUBMITTED":
            self.intake = "COMPLETED"

    def _reject(self, _step: str) -> None:
        falls = self.effective() in (None, len(self.approvals))
        if falls:
            self.standing = FALLEN
        self.approvals[-1] = "REJECTED"
        if falls and self.resubmit and self.intake in ("SUBMITTED", "COMPLETED"):
            self.intake = "REQUESTED"


@dataclass
class Walk:
    """A credential in the service, with the model that it must agree with."""

    tenant: Tenant
    model: Model
    people: dict[str, str]
    key: str
    version: str
    count: int = 0
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def step(self, step: str) -> None:
        """Try a step, and hold what it did against the model."""
        await self._look()
        self.rows = self.rows or await self.tenant.rows()
        expected = self.model.answer(step)
        assert (step, await self._call(step)) == (step, expected)
        rows = await self.tenant.rows()
        if expected:
            assert rows == self.rows
            return
        self.model.take(step)
        assert len(rows["events"]) == len(self.rows["events"]) + 1
        assert rows["events"][-1]["kind"].value == f"credential.{FACTS[step]}"
        await self._agree(_revision(self.rows) + 1)
        self.rows = rows

    async def _look(self) -> None:
        """What the caller is told that they may do is what the model allows."""
        shown = await life.show(self.tenant, self.key, " ".join(MAY.values()))
        assert shown == (None if self.model.gone else self.model.may())

    async def _call(self, step: str) -> str:
        name, given = self._input(step)
        selection = "version { id }" if "Version" in name else "credential { id }"
        if name == "credentialSubmit":
            selection = "credential { latestVersion { id } }"
        if name in ("credentialLink", "credentialUnlink", "credentialTransfer"):
            selection = "status"
        payload = await self.tenant.mutate(name, "purgedId" if name == "credentialPurge" else selection, **given)
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
            "link": ("Link", {"to": owner(cy)}),
            "unlinkWorker": ("Unlink", {"ownerType": "WORKER"}),
            "unlinkApplicant": ("Unlink", {"ownerType": "APPLICANT"}),
            "transfer": ("Transfer", move(ada, ben)),
            "transferBack": ("Transfer", move(ben, ada)),
            "hire": ("Transfer", move(cy, ada)),
            "purge": ("Purge", {"confirm": True}),
            "purgeUnconfirmed": ("Purge", {}),
        }
        name, given = calls.get(step, (step.capitalize(), {}))
        return f"credential{name}", {"id": self.key, **given}

    async def _agree(self, revision: int) -> None:
        """The credential is what the model says, and grew by one revision."""
        if self.model.gone:
            await audit.gone(self.tenant, self.key)
            return
        found = await life.row(self.tenant, self.key)
        history = await life.history(self.tenant, self.key)
        model = self.model
        assert found.revision == revision
        assert (found.archived_at is not None, found.deleted_at is not None) == (model.archived, model.deleted)
        assert (found.worker_id, found.applicant_id) == (
            self.people.get(model.worker or ""),
            self.people.get(model.applicant or ""),
        )
        assert (found.intake, found.status, found.eligibility, found.status_detail) == (model.intake, *model.standing)
        assert [version.approval for version in history] == model.approvals
        numbers = {version.id: version.number for version in history}
        assert numbers.get(found.effective_version_id or "") == model.effective()
        await audit.whole(self.tenant, found)


def _revision(rows: dict[str, list[dict[str, Any]]]) -> int:
    return int(rows["credentials"][0]["revision"])
