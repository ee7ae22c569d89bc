"""What the demo organization asks of its people, as data: positions, rules with their history, and exemptions."""

from dataclasses import dataclass, field
from typing import Any

from app.compliance.tables import Level, RuleScope, Severity
from app.demo.people import FOUNDED, Person

BEGUN = FOUNDED + 3
"""The day since which positions are on record."""
REGISTERED_NURSE, SUPPORT_WORKER, NIGHT_WORKER, MEDICATION_ASSISTANT = (
    "Registered Nurse",
    "Support Worker",
    "Night Support Worker",
    "Medication Assistant",
)
EDUCATOR, ELECTRICIAN, ALLIED_HEALTH = "Early Childhood Educator", "Site Electrician", "Allied Health Professional"

POSITIONS: dict[str, tuple[str, ...]] = {
    REGISTERED_NURSE: (
        "Registered Nurse",
        "Senior Registered Nurse",
        "Clinical Nurse Specialist",
        "Nurse Unit Manager",
    ),
    SUPPORT_WORKER: ("Support Worker", "Disability Support Worker", "Assistant in Nursing"),
    NIGHT_WORKER: (),
    MEDICATION_ASSISTANT: (),
    EDUCATOR: ("Early Childhood Teacher", "Educator", "Educational Leader", "Centre Director"),
    ELECTRICIAN: ("Site Electrician", "Leading Hand Electrician"),
    ALLIED_HEALTH: ("Physiotherapist", "Occupational Therapist", "Pharmacist", "Allied Health Manager"),
}
"""Each position with the titles that hold it."""
MOVES_TO_NIGHTS = (-240, -120, -75, -30, -12)
"""The days on which somebody goes from the day shift to the night shift."""
MEDICATION_SINCE = -60
"""The day since which Jordan gives medication too."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule: the day on which it was written, and what became of it."""

    day: int
    name: str
    alternatives: tuple[str, ...]
    position: str | None = None
    place: str | None = None
    """A place, with all under it."""
    of_jordan: bool = False
    excluded: tuple[str, ...] = ()
    """Places that it does not ask."""
    content: dict[str, Any] = field(default_factory=dict)
    changed: tuple[int, dict[str, Any]] | None = None
    deleted: int | None = None

    @property
    def scope(self) -> RuleScope:
        """Of whom it asks something."""
        if self.position is not None:
            return RuleScope.POSITION
        if self.place is not None:
            return RuleScope.ORG_UNIT
        return RuleScope.WORKER if self.of_jordan else RuleScope.ALL_WORKERS


WARNING, INFO = {"severity": Severity.WARNING}, {"severity": Severity.INFO, "level": Level.OPTIONAL}
SILENT = {"autoRequest": False}
RULES = (
    Asked(
        -700,
        "Police check",
        ("NATIONAL_POLICE_CHECK", "NDIS_WORKER_SCREENING"),
        excluded=("Balmain Early Learning", "Sparkwell Electrical"),
        content={"graceDays": 30, "requestDueDays": 21, "requestMessage": "Please send us your police check."},
        changed=(-100, {"graceDays": 14}),
    ),
    Asked(-700, "Registration of nurses", ("AHPRA_REGISTRATION",), position=REGISTERED_NURSE, content=SILENT),
    Asked(-700, "Registration of allied health", ("AHPRA_REGISTRATION",), position=ALLIED_HEALTH, content=SILENT),
    Asked(-690, "Resuscitation", ("CPR",), position=REGISTERED_NURSE, content={"graceDays": 30, "requestDueDays": 30}),
    Asked(-650, "Disability screening", ("NDIS_WORKER_SCREENING",), position=SUPPORT_WORKER, content=SILENT),
    Asked(-650, "Disability screening at night", ("NDIS_WORKER_SCREENING",), position=NIGHT_WORKER, content=SILENT),
    Asked(
        -600,
        "First aid or resuscitation",
        ("FIRST_AID", "CPR"),
        position=SUPPORT_WORKER,
        content={"graceDays": 14, "requestDueDays": 30, **WARNING},
    ),
    Asked(-240, "First aid and resuscitation", ("FIRST_AID", "CPR"), position=NIGHT_WORKER, content={"minimum": 2}),
    Asked(
        -600,
        "Safe with children",
        ("WWCC_NSW", "TEACHER_NSW", "FIRST_AID_EDUCATION", "ANAPHYLAXIS"),
        position=EDUCATOR,
        content={"minimum": 2},
    ),
    Asked(-550, "Site access", ("WHITE_CARD",), position=ELECTRICIAN, content=SILENT),
    Asked(-550, "Electrical licence", ("ELECTRICAL_LICENCE_NSW",), position=ELECTRICIAN, content=SILENT),
    Asked(-500, "COVID vaccination", ("COVID_VACCINATION",), content={**INFO, **SILENT}, deleted=-150),
    Asked(
        -300,
        "Influenza vaccination",
        ("INFLUENZA_VACCINATION",),
        place="Harbour Hospital",
        content={**INFO, **SILENT},
    ),
    Asked(
        -20,
        "Working with children in Victoria",
        ("WWCC_VIC",),
        place="Geelong Community Care",
        content={"graceDays": 35, "requestDueDays": 30},
    ),
    Asked(-60, "Medication", ("MEDICATION_ADMINISTRATION",), position=MEDICATION_ASSISTANT, content={"graceDays": 90}),
    Asked(-30, "Lifting after an injury", ("MANUAL_HANDLING",), of_jordan=True, content=INFO),
)


@dataclass(frozen=True, slots=True)
class LetOff:
    """An exemption of somebody in a position, by their place among those; its days, and whether it was taken back."""

    number: int
    position: str
    rule: str
    reason: str
    day: int
    until: int | None
    revoked: int | None = None


EXEMPTIONS = (
    LetOff(3, SUPPORT_WORKER, "First aid or resuscitation", "Booked on the next course.", -40, 25),
    LetOff(7, SUPPORT_WORKER, "First aid or resuscitation", "Cannot kneel after surgery.", -90, 180),
    LetOff(11, SUPPORT_WORKER, "Disability screening", "Application lodged; works under supervision.", -130, -40),
    LetOff(4, REGISTERED_NURSE, "Resuscitation", "On secondment without patients.", -60, None, revoked=-10),
    LetOff(9, REGISTERED_NURSE, "Resuscitation", "Instructor who teaches the course.", -200, None),
)


def position_of(person: Person) -> str | None:
    """The position that somebody begins in."""
    return next((name for name, titles in POSITIONS.items() if person.title in titles), None)
