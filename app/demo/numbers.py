"""Reference numbers that look like those of a credential's type."""

from random import Random

TEMPLATES = {
    "WWCC_NSW": "WWC#######E",
    "WWCC_VIC": "#######A-##",
    "AHPRA_REGISTRATION": "NMW000#######",
    "NDIS_WORKER_SCREENING": "########",
    "NATIONAL_POLICE_CHECK": "NPC-########",
    "TEACHER_NSW": "######",
    "DRIVERS_LICENCE": "########",
    "VEVO_WORK_RIGHTS": "#############",
    "ELECTRICAL_LICENCE_NSW": "######C",
    "WHITE_CARD": "CI#######",
    "HIGH_RISK_WORK": "HRW#######",
    "PROFESSIONAL_INDEMNITY": "PI-##-######",
    "PUBLIC_LIABILITY": "PL-##-######",
}
"""A `#` stands for a digit. Other types are certificates of a training provider."""
OTHERS = "TP#-######"
PROFESSIONS = {"Physiotherapist": "PHY", "Occupational Therapist": "OCC", "Pharmacist": "PHA"}


def draw(random: Random, code: str, title: str) -> str:
    """A number of a type for someone with a title."""
    template = TEMPLATES.get(code, OTHERS)
    if code == "AHPRA_REGISTRATION":
        template = template.replace("NMW", PROFESSIONS.get(title, "NMW"))
    return "".join(str(random.randrange(10)) if character == "#" else character for character in template)
