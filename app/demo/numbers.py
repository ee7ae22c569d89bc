"""Reference numbers in the format of each credential type."""

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
"""The format of each type's numbers; `#` stands for a digit."""
DEFAULT_TEMPLATE = "TP#-######"  # the other types are certificates of a training provider
AHPRA_PREFIXES = {"Physiotherapist": "PHY", "Occupational Therapist": "OCC", "Pharmacist": "PHA"}


def draw_number(random: Random, code: str, title: str) -> str:
    """Draw the reference number of a credential type for a person with a job title."""
    template = TEMPLATES.get(code, DEFAULT_TEMPLATE)
    if code == "AHPRA_REGISTRATION":
        template = template.replace("NMW", AHPRA_PREFIXES.get(title, "NMW"))
    return "".join(str(random.randrange(10)) if character == "#" else character for character in template)
