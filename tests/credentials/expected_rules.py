"""The refusal of each operation in each state, written by hand a second time to check the code."""

from dataclasses import dataclass, field

ALLOWED = ""
LIFECYCLE_STATES = ((False, False), (True, False), (False, True), (True, True))
INTAKES = ("DIRECT", "REQUESTED", "SUBMITTED", "COMPLETED", "CANCELLED")
APPROVALS = ("NOT_REQUIRED", "PENDING", "APPROVED", "REJECTED")
DECIDED = ("APPROVED", "REJECTED")

# ----------------- live            archived        deleted         both
BY_LIFECYCLE = {
    "update": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "submit": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "addVersion": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "editVersion": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "attach": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "approve": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "reject": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "verify": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "link": (ALLOWED, ALLOWED, "DELETED", "DELETED"),
    "unlink": (ALLOWED, ALLOWED, "DELETED", "DELETED"),
    "transfer": (ALLOWED, ALLOWED, "DELETED", "DELETED"),
    "archive": (ALLOWED, "ARCHIVED", "DELETED", "DELETED"),
    "unarchive": ("NOT_ARCHIVED", ALLOWED, "DELETED", "DELETED"),
    "delete": (ALLOWED, ALLOWED, "DELETED", "DELETED"),
    "undelete": ("NOT_DELETED", "NOT_DELETED", ALLOWED, ALLOWED),
    "purge": ("NOT_ARCHIVED", ALLOWED, ALLOWED, ALLOWED),
}
# ----------------- DIRECT  REQUESTED         SUBMITTED  COMPLETED        CANCELLED
BY_INTAKE = {
    "update": (ALLOWED, ALLOWED, ALLOWED, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "submit": ("NOT_SUBMITTABLE", ALLOWED, "ALREADY_SUBMITTED", "NOT_SUBMITTABLE", "NOT_SUBMITTABLE"),
    "verify": (ALLOWED, "NOT_VERIFIABLE", ALLOWED, ALLOWED, "NOT_VERIFIABLE"),
    "addVersion": (ALLOWED, ALLOWED, ALLOWED, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "editVersion": (ALLOWED, ALLOWED, ALLOWED, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "attach": (ALLOWED, ALLOWED, ALLOWED, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "approve": (ALLOWED, "NOT_REVIEWABLE", ALLOWED, ALLOWED, "NOT_REVIEWABLE"),
    "reject": (ALLOWED, "NOT_REVIEWABLE", ALLOWED, ALLOWED, "NOT_REVIEWABLE"),
}
# ----------------- NOT_REQUIRED  PENDING  APPROVED           REJECTED
BY_APPROVAL = {
    "approve": (ALLOWED, ALLOWED, "ALREADY_APPROVED", ALLOWED),
    "reject": (ALLOWED, ALLOWED, ALLOWED, "ALREADY_REJECTED"),
}
BY_FINAL_APPROVAL = {
    "approve": (ALLOWED, ALLOWED, "APPROVAL_FINAL", "APPROVAL_FINAL"),
    "reject": (ALLOWED, ALLOWED, "APPROVAL_FINAL", "APPROVAL_FINAL"),
    "editVersion": (ALLOWED, ALLOWED, "APPROVAL_FINAL", "APPROVAL_FINAL"),
    "attach": (ALLOWED, ALLOWED, "APPROVAL_FINAL", "APPROVAL_FINAL"),
}
OPERATIONS = tuple(BY_LIFECYCLE)


@dataclass
class State:
    """The part of a credential's state that operations depend on or change."""

    final: bool = False
    verifiable: bool = True
    intake: str = "DIRECT"
    archived: bool = False
    deleted: bool = False
    approvals: list[str] = field(default_factory=lambda: ["NOT_REQUIRED"])
    """The approvals of its versions, oldest first."""
    worker: str | None = "Ada"
    applicant: str | None = None


def refusal(operation: str, state: State) -> str:
    """Return the code of an operation's refusal in a state; empty if it is allowed."""
    life = BY_LIFECYCLE[operation][LIFECYCLE_STATES.index((state.archived, state.deleted))]
    intake = BY_INTAKE.get(operation, (ALLOWED,) * 5)[INTAKES.index(state.intake)]
    decisions = BY_FINAL_APPROVAL if state.final else BY_APPROVAL
    decision = decisions.get(operation, (ALLOWED,) * 4)[APPROVALS.index(state.approvals[-1])]
    if operation == "submit" and intake == "NOT_SUBMITTABLE":
        return "DELETED" if state.deleted else intake  # restoring it would be of no use
    if operation == "verify" and not state.verifiable:
        return life or "NOT_VERIFIABLE"
    if operation == "unlink" and None in (state.worker, state.applicant):
        return life or "LAST_OWNER"
    if operation == "attach" and state.intake == "REQUESTED":
        return life  # it waits to be handed in, whatever was decided about an earlier answer
    if operation in ("editVersion", "attach") and state.intake in ("REQUESTED", "SUBMITTED"):
        rejected = state.approvals[-1] == "REJECTED"
        return life or decision or ("NOT_UPDATABLE" if rejected else intake)
    return life or (decision or intake if operation in ("editVersion", "attach") else intake or decision)
