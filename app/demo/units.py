"""The demo organization's units, as data: what each is, where it lies, who leads it and who works there."""

from dataclasses import dataclass, field

from app.organizations.tables import OrgUnitKind


@dataclass(frozen=True, slots=True)
class Place:
    """An org unit, with the titles of its people; `lead` is one of them, on top of the counts."""

    name: str
    kind: OrgUnitKind
    parent: str | None
    lead: str
    staff: dict[str, int] = field(default_factory=dict)
    state: str = "NSW"
    zip_code: str = "2000"


SITE, DEPARTMENT, TEAM = OrgUnitKind.SITE, OrgUnitKind.DEPARTMENT, OrgUnitKind.TEAM

# A parent comes before its children: units and their leads are added in this order.
PLACES = (
    Place("Head Office", SITE, None, "General Manager"),
    Place(
        "People and Compliance",
        DEPARTMENT,
        "Head Office",
        "Compliance Manager",
        {"HR Adviser": 3, "Compliance Officer": 2, "Payroll Officer": 1},
    ),
    Place("Harbour Hospital", SITE, None, "Director of Clinical Services", zip_code="2010"),
    Place(
        "Nursing",
        DEPARTMENT,
        "Harbour Hospital",
        "Nurse Unit Manager",
        {"Registered Nurse": 26, "Enrolled Nurse": 8, "Student Nurse": 6},
        zip_code="2010",
    ),
    Place(
        "Ward 3 East",
        TEAM,
        "Nursing",
        "Clinical Nurse Specialist",
        {"Registered Nurse": 14, "Assistant in Nursing": 6},
        zip_code="2010",
    ),
    Place(
        "Allied Health",
        DEPARTMENT,
        "Harbour Hospital",
        "Allied Health Manager",
        {"Physiotherapist": 6, "Occupational Therapist": 5, "Pharmacist": 3},
        zip_code="2010",
    ),
    Place("Manly Aged Care", SITE, None, "Facility Manager", zip_code="2095"),
    Place(
        "Residential Care",
        DEPARTMENT,
        "Manly Aged Care",
        "Care Manager",
        {"Support Worker": 26, "Registered Nurse": 6, "Lifestyle Volunteer": 8, "Cook": 3},
        zip_code="2095",
    ),
    Place(
        "Night Team",
        TEAM,
        "Residential Care",
        "Senior Registered Nurse",
        {"Support Worker": 10, "Registered Nurse": 3},
        zip_code="2095",
    ),
    Place("Geelong Community Care", SITE, None, "Regional Manager", state="VIC", zip_code="3220"),
    Place(
        "Home Support",
        DEPARTMENT,
        "Geelong Community Care",
        "Service Coordinator",
        {"Support Worker": 16, "Disability Support Worker": 8},
        state="VIC",
        zip_code="3220",
    ),
    Place("Balmain Early Learning", SITE, None, "Centre Director", zip_code="2041"),
    Place(
        "Teaching",
        DEPARTMENT,
        "Balmain Early Learning",
        "Educational Leader",
        {"Early Childhood Teacher": 8, "Educator": 10},
        zip_code="2041",
    ),
    Place("Sparkwell Electrical", OrgUnitKind.CONTRACTOR, None, "Contract Manager", zip_code="2150"),
    Place(
        "Site Crew",
        TEAM,
        "Sparkwell Electrical",
        "Leading Hand Electrician",
        {"Site Electrician": 6, "Electrical Apprentice": 1},
        zip_code="2150",
    ),
)
BY_NAME = {place.name: place for place in PLACES}


def above(place: Place) -> list[Place]:
    """A place and all places above it, the topmost last."""
    return [place, *(above(BY_NAME[place.parent]) if place.parent else [])]
