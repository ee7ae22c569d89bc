"""The demo organization's units, as data: the kind, parent, address, lead and staff of each."""

from dataclasses import dataclass, field

from app.organizations.tables import OrgUnitType


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """An org unit, with the title of its lead and the number of other workers by title."""

    name: str
    kind: OrgUnitType
    parent: str | None
    lead_title: str
    staff: dict[str, int] = field(default_factory=dict)
    state: str = "NSW"
    zip_code: str = "2000"


SITE, DEPARTMENT, TEAM = OrgUnitType.SITE, OrgUnitType.DEPARTMENT, OrgUnitType.TEAM

# Units and their leads are created in this order, so a parent comes before its children.
UNITS = (
    DemoUnit("Head Office", SITE, None, "General Manager"),
    DemoUnit(
        "People and Compliance",
        DEPARTMENT,
        "Head Office",
        "Compliance Manager",
        {"HR Adviser": 3, "Compliance Officer": 2, "Payroll Officer": 1},
    ),
    DemoUnit("Harbour Hospital", SITE, None, "Director of Clinical Services", zip_code="2010"),
    DemoUnit(
        "Nursing",
        DEPARTMENT,
        "Harbour Hospital",
        "Nurse Unit Manager",
        {"Registered Nurse": 26, "Enrolled Nurse": 8, "Student Nurse": 6},
        zip_code="2010",
    ),
    DemoUnit(
        "Ward 3 East",
        TEAM,
        "Nursing",
        "Clinical Nurse Specialist",
        {"Registered Nurse": 14, "Assistant in Nursing": 6},
        zip_code="2010",
    ),
    DemoUnit(
        "Allied Health",
        DEPARTMENT,
        "Harbour Hospital",
        "Allied Health Manager",
        {"Physiotherapist": 6, "Occupational Therapist": 5, "Pharmacist": 3},
        zip_code="2010",
    ),
    DemoUnit("Manly Aged Care", SITE, None, "Facility Manager", zip_code="2095"),
    DemoUnit(
        "Residential Care",
        DEPARTMENT,
        "Manly Aged Care",
        "Care Manager",
        {"Support Worker": 26, "Registered Nurse": 6, "Lifestyle Volunteer": 8, "Cook": 3},
        zip_code="2095",
    ),
    DemoUnit(
        "Night Team",
        TEAM,
        "Residential Care",
        "Senior Registered Nurse",
        {"Support Worker": 10, "Registered Nurse": 3},
        zip_code="2095",
    ),
    DemoUnit("Geelong Community Care", SITE, None, "Regional Manager", state="VIC", zip_code="3220"),
    DemoUnit(
        "Home Support",
        DEPARTMENT,
        "Geelong Community Care",
        "Service Coordinator",
        {"Support Worker": 16, "Disability Support Worker": 8},
        state="VIC",
        zip_code="3220",
    ),
    DemoUnit("Balmain Early Learning", SITE, None, "Centre Director", zip_code="2041"),
    DemoUnit(
        "Teaching",
        DEPARTMENT,
        "Balmain Early Learning",
        "Educational Leader",
        {"Early Childhood Teacher": 8, "Educator": 10},
        zip_code="2041",
    ),
    DemoUnit("Sparkwell Electrical", OrgUnitType.CONTRACTOR, None, "Contract Manager", zip_code="2150"),
    DemoUnit(
        "Site Crew",
        TEAM,
        "Sparkwell Electrical",
        "Leading Hand Electrician",
        {"Site Electrician": 6, "Electrical Apprentice": 1},
        zip_code="2150",
    ),
)
UNITS_BY_NAME = {unit.name: unit for unit in UNITS}


def with_ancestors(unit: DemoUnit) -> list[DemoUnit]:
    """Return a unit followed by the units above it, the topmost last."""
    return [unit, *(with_ancestors(UNITS_BY_NAME[unit.parent]) if unit.parent else [])]
