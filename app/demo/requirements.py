"""The demo organization's requirements, as data: positions, rules with their history, and exemptions."""

from dataclasses import dataclass, field
from typing import Any

from app.compliance.tables import RequirementLevel, RequirementSeverity, RuleScope
from app.demo.people import FOUNDING_DAY, DemoPerson

POSITIONS_SINCE = FOUNDING_DAY + 3
"""The day on which the positions are created."""
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
"""The job titles that start in each position."""
MOVES_TO_NIGHTS = (-240, -120, -75, -30, -12)
"""The days on which a support worker moves to the night shift."""
MEDICATION_SINCE = -60
"""The day on which Jordan takes a second position as medication assistant."""


@dataclass(frozen=True, slots=True)
class DemoRule:
    """A requirement rule: the day on which it is created, its input, and the days of its change and deletion."""

    day: int
    name: str
    alternatives: tuple[str, ...]
    position: str | None = None
    unit: str | None = None
    """The unit that the rule applies to, together with the units below it."""
    for_jordan: bool = False
    excluded: tuple[str, ...] = ()
    """The units that the rule does not apply to."""
    content: dict[str, Any] = field(default_factory=dict)
    change: tuple[int, dict[str, Any]] | None = None
    deleted: int | None = None

    @property
    def scope(self) -> RuleScope:
        """The kind of population that the rule applies to."""
        if self.position is not None:
            return RuleScope.POSITION
        if self.unit is not None:
            return RuleScope.ORG_UNIT
        return RuleScope.WORKER if self.for_jordan else RuleScope.ALL_WORKERS


WARNING, INFO = (
    {"severity": RequirementSeverity.WARNING},
    {"severity": RequirementSeverity.INFO, "level": RequirementLevel.OPTIONAL},
)
SILENT = {"autoRequest": False}
RULES = (
    DemoRule(
        -700,
        "Police check",
        ("NATIONAL_POLICE_CHECK", "NDIS_WORKER_SCREENING"),
        excluded=("Balmain Early Learning", "Sparkwell Electrical"),
        content={"graceDays": 30, "requestDueDays": 21, "requestMessage": "Please send us your police check."},
        change=(-100, {"graceDays": 14}),
    ),
    DemoRule(-700, "Registration of nurses", ("AHPRA_REGISTRATION",), position=REGISTERED_NURSE, content=SILENT),
    DemoRule(-700, "Registration of allied health", ("AHPRA_REGISTRATION",), position=ALLIED_HEALTH, content=SILENT),
    DemoRule(
        -690, "Resuscitation", ("CPR",), position=REGISTERED_NURSE, content={"graceDays": 30, "requestDueDays": 30}
    ),
    DemoRule(-650, "Disability screening", ("NDIS_WORKER_SCREENING",), position=SUPPORT_WORKER, content=SILENT),
    DemoRule(-650, "Disability screening at night", ("NDIS_WORKER_SCREENING",), position=NIGHT_WORKER, content=SILENT),
    DemoRule(
        -600,
        "First aid or resuscitation",
        ("FIRST_AID", "CPR"),
        position=SUPPORT_WORKER,
        content={"graceDays": 14, "requestDueDays": 30, **WARNING},
    ),
    DemoRule(-240, "First aid and resuscitation", ("FIRST_AID", "CPR"), position=NIGHT_WORKER, content={"minimum": 2}),
    DemoRule(
        -600,
        "Safe with children",
        ("WWCC_NSW", "TEACHER_NSW", "FIRST_AID_EDUCATION", "ANAPHYLAXIS"),
        position=EDUCATOR,
        content={"minimum": 2},
    ),
    DemoRule(-550, "Site access", ("WHITE_CARD",), position=ELECTRICIAN, content=SILENT),
    DemoRule(-550, "Electrical licence", ("ELECTRICAL_LICENCE_NSW",), position=ELECTRICIAN, content=SILENT),
    DemoRule(-500, "COVID vaccination", ("COVID_VACCINATION",), content={**INFO, **SILENT}, deleted=-150),
    DemoRule(
        -300,
        "Influenza vaccination",
        ("INFLUENZA_VACCINATION",),
        unit="Harbour Hospital",
        content={**INFO, **SILENT},
    ),
    DemoRule(
        -20,
        "Working with children in Victoria",
        ("WWCC_VIC",),
        unit="Geelong Community Care",
        content={"graceDays": 35, "requestDueDays": 30},
    ),
    DemoRule(
        -60, "Medication", ("MEDICATION_ADMINISTRATION",), position=MEDICATION_ASSISTANT, content={"graceDays": 90}
    ),
    DemoRule(-30, "Lifting after an injury", ("MANUAL_HANDLING",), for_jordan=True, content=INFO),
)


@dataclass(frozen=True, slots=True)
class DemoExemption:
    """An exemption of one worker: the one at index `number` among the active staff who start in `position`."""

    number: int
    position: str
    rule: str
    reason: str
    day: int
    until: int | None
    revoked: int | None = None


EXEMPTIONS = (
    DemoExemption(3, SUPPORT_WORKER, "First aid or resuscitation", "Booked on the next course.", -40, 25),
    DemoExemption(7, SUPPORT_WORKER, "First aid or resuscitation", "Cannot kneel after surgery.", -90, 180),
    DemoExemption(
        11, SUPPORT_WORKER, "Disability screening", "Application lodged; works under supervision.", -130, -40
    ),
    DemoExemption(4, REGISTERED_NURSE, "Resuscitation", "On secondment without patients.", -60, None, revoked=-10),
    DemoExemption(9, REGISTERED_NURSE, "Resuscitation", "Instructor who teaches the course.", -200, None),
)


def starting_position(person: DemoPerson) -> str | None:
    """Return the position that a person's title starts in, or None."""
    return next((name for name, titles in POSITIONS.items() if person.title in titles), None)
