"""What each operation may do in each state, written down by hand a second time, to hold the code against."""

from dataclasses import dataclass, field

YES = ""
LIVES = ((False, False), (True, False), (False, True), (True, True))
INTAKES = ("DIRECT", "REQUESTED", "SUBMITTED", "COMPLETED", "CANCELLED")
APPROVALS = ("NOT_REQUIRED", "PENDING", "APPROVED", "REJECTED")
DECIDED = ("APPROVED", "REJECTED")

# ----------------- live            archived        deleted         both
BY_LIFE = {
    "update": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "submit": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "addVersion": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "editVersion": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "attach": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "approve": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "reject": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "verify": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "link": (YES, YES, "DELETED", "DELETED"),
    "unlink": (YES, YES, "DELETED", "DELETED"),
    "transfer": (YES, YES, "DELETED", "DELETED"),
    "archive": (YES, "ARCHIVED", "DELETED", "DELETED"),
    "restore": ("NOT_ARCHIVED", YES, "DELETED", "DELETED"),
    "delete": (YES, YES, "DELETED", "DELETED"),
    "undelete": ("NOT_DELETED", "NOT_DELETED", YES, YES),
    "purge": ("NOT_ARCHIVED", YES, "NOT_ARCHIVED", YES),
}
# ----------------- DIRECT  REQUESTED         SUBMITTED  COMPLETED        CANCELLED
BY_INTAKE = {
    "update": (YES, YES, YES, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "submit": ("NOT_SUBMITTABLE", YES, "ALREADY_SUBMITTED", "NOT_SUBMITTABLE", "NOT_SUBMITTABLE"),
    "verify": (YES, "NOT_VERIFIABLE", YES, YES, "NOT_VERIFIABLE"),
    "addVersion": (YES, YES, YES, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "editVersion": (YES, YES, YES, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "attach": (YES, YES, YES, "NOT_UPDATABLE", "NOT_UPDATABLE"),
    "approve": (YES, "NOT_REVIEWABLE", YES, YES, "NOT_REVIEWABLE"),
    "reject": (YES, "NOT_REVIEWABLE", YES, YES, "NOT_REVIEWABLE"),
}
# ----------------- NOT_REQUIRED  PENDING  APPROVED           REJECTED
WHILE_REVERSIBLE = {
    "approve": (YES, YES, "ALREADY_APPROVED", YES),
    "reject": (YES, YES, YES, "ALREADY_REJECTED"),
}
ONCE_FINAL = {
    "approve": (YES, YES, "APPROVAL_FINAL", "APPROVAL_FINAL"),
    "reject": (YES, YES, "APPROVAL_FINAL", "APPROVAL_FINAL"),
    "editVersion": (YES, YES, "APPROVAL_FINAL", "APPROVAL_FINAL"),
    "attach": (YES, YES, "APPROVAL_FINAL", "APPROVAL_FINAL"),
}
OPERATIONS = tuple(BY_LIFE)


@dataclass
class State:
    """A credential's state, as far as an operation depends on it or changes it."""

    final: bool = False
    verifiable: bool = True
    intake: str = "DIRECT"
    archived: bool = False
    deleted: bool = False
    approvals: list[str] = field(default_factory=lambda: ["NOT_REQUIRED"])
    """Those of its versions, from the first."""
    worker: str | None = "Ada"
    applicant: str | None = None


def refusal(operation: str, state: State) -> str:
    """The code with which an operation is refused in a state; empty when it is allowed."""
    life = BY_LIFE[operation][LIVES.index((state.archived, state.deleted))]
    intake = BY_INTAKE.get(operation, (YES,) * 5)[INTAKES.index(state.intake)]
    decisions = ONCE_FINAL if state.final else WHILE_REVERSIBLE
    decision = decisions.get(operation, (YES,) * 4)[APPROVALS.index(state.approvals[-1])]
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
