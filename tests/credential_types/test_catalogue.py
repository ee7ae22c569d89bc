"""The starter catalogue's data: well formed, and correct for the schemes that it names."""

from typing import Any

import pytest

from app.credential_types import catalogue, fields
from app.credential_types.tables import CredentialMetadata

TYPES = catalogue.read()
BY_CODE = {entry["code"]: entry for entry in TYPES}
SPECIFIED = """
    WWCC_NSW WWCC_VIC WWCC_WA WWCC_SA BLUE_CARD_QLD WWVP_ACT WWVP_TAS OCHRE_CARD_NT TEACHER_NSW TEACHER_VIC
    TEACHER_QLD TEACHER_WA TEACHER_SA TEACHER_TAS TEACHER_NT AHPRA_REGISTRATION NDIS_WORKER_SCREENING
    NATIONAL_POLICE_CHECK VEVO_WORK_RIGHTS DRIVERS_LICENCE FIRST_AID CPR HIGH_RISK_WORK WHITE_CARD NPI DBS_ENHANCED
    CSCS_CARD
"""


def test_the_specified_types_exist_and_codes_and_names_are_unique() -> None:
    assert set(SPECIFIED.split()) <= set(BY_CODE)
    assert len(BY_CODE) == len(TYPES)
    assert len({entry["name"] for entry in TYPES}) == len(TYPES)


@pytest.mark.parametrize("entry", TYPES, ids=BY_CODE)
def test_each_type_is_a_valid_creation_input(entry: dict[str, Any]) -> None:
    assert set(entry) == {field.name for field in fields.NEW_FIELDS.all}
    values = fields.NEW_FIELDS.parse(entry, absent="clear")
    assert set(values["requires"]) <= set(values["supports"])
    assert CredentialMetadata.REFERENCE_NUMBER in values["supports"]
    assert 0 < len(values["instructions"]) <= 300
    assert values["default_validity_months"] is None or CredentialMetadata.EXPIRY_DATE in values["supports"]
    # A review is required exactly for types without a registry.
    assert values["approval_required"] is (values["verification_source"] is None)


@pytest.mark.parametrize(
    ("code", "number", "passes"),
    [
        ("WWCC_NSW", "WWC1234567E", True),
        ("WWCC_NSW", "wwc1234567v", True),
        ("WWCC_NSW", "WWC1234567X", True),
        ("WWCC_NSW", "1234567", False),
        ("WWCC_VIC", "1234567A-01", True),
        ("BLUE_CARD_QLD", "1234567/1", True),
        ("AHPRA_REGISTRATION", "nmw0001234567", True),
        ("AHPRA_REGISTRATION", "NMW123", False),
        ("NPI", "1234567893", True),
        ("NPI", "123456789", False),
        ("DBS_ENHANCED", "001234567890", True),
        ("NMC_PIN", "12A3456E", True),
        ("GMC_REGISTRATION", "7654321", True),
        ("HCPC_REGISTRATION", "PH123456", True),
        ("PVG_SCOTLAND", "1234 5678 9012 3456", True),
        ("DEA_REGISTRATION", "AB1234563", True),
    ],
)
def test_patterns_match_real_numbers(code: str, number: str, passes: bool) -> None:
    match = fields.compile_pattern(BY_CODE[code]["referenceNumberPattern"]).fullmatch(number)
    assert (match is not None) is passes


@pytest.mark.parametrize(
    ("code", "months"),
    [
        ("WWCC_NSW", 60),
        ("WWCC_VIC", 60),
        ("WWCC_WA", 36),
        ("BLUE_CARD_QLD", 36),
        ("OCHRE_CARD_NT", 24),
        ("NDIS_WORKER_SCREENING", 60),
        ("FIRST_AID", 36),
        ("CPR", 12),
        ("HIGH_RISK_WORK", 60),
        ("WHITE_CARD", None),
    ],
)
def test_known_periods_of_validity(code: str, months: int | None) -> None:
    assert BY_CODE[code]["defaultValidityMonths"] == months
