"""The sandbox adapter's findings, against the table in its documentation."""

import re

import pytest

from app.registries import sandbox
from app.registries.findings import Eligibility, Finding, StatusDetail
from app.registries.protocol import Inquiry, RegistryUnavailable
from app.registries.sandbox import SandboxAdapter

ROW = re.compile(r"^\| (\S+|anything else) +\| (.+?) +\|$", re.MULTILINE)
DOCUMENTED = dict(ROW.findall(sandbox.__doc__ or ""))
ELIGIBILITIES = {
    "may engage": Eligibility.MAY_ENGAGE,
    "may not engage": Eligibility.MAY_NOT_ENGAGE,
    "review required": Eligibility.REVIEW_REQUIRED,
    "in progress": Eligibility.IN_PROGRESS,
}
ANSWERED = sorted(set(DOCUMENTED) - {"U", "Z", "anything else"})


async def ask(number: str | None) -> Finding:
    return await SandboxAdapter().check(Inquiry(type_code="WWCC_NSW", reference_number=number))


def documented(ending: str) -> tuple[Eligibility, StatusDetail | None]:
    """Return the documented finding of an ending."""
    words = re.split(r", |: ", DOCUMENTED[ending])
    eligibility = next(ELIGIBILITIES[word] for word in words if word in ELIGIBILITIES)
    return eligibility, next((StatusDetail(word) for word in words if word in list(StatusDetail)), None)


def test_the_documentation_names_every_ending() -> None:
    assert set(DOCUMENTED) == {*sandbox.FINDINGS, "U", "Z", "anything else"}


@pytest.mark.parametrize("ending", ANSWERED)
async def test_each_ending_has_its_documented_finding(ending: str) -> None:
    finding = await ask(f"WWC123{ending}")
    assert (finding.eligibility, finding.status_detail) == documented(ending)
    assert finding.raw_status


@pytest.mark.parametrize("ending", ANSWERED)
async def test_case_and_blanks_are_ignored(ending: str) -> None:
    assert await ask(f"wwc123{ending.lower()} ") == await ask(f"WWC123{ending}")


@pytest.mark.parametrize("number", ["WWC1234567E", "0", "", None, "X1"])
async def test_anything_else_is_valid(number: str | None) -> None:
    finding = await ask(number)
    assert (finding.eligibility, finding.status_detail) == documented("anything else")


async def test_an_unavailable_registry_does_not_answer() -> None:
    assert DOCUMENTED["U"].startswith(StatusDetail.SOURCE_UNAVAILABLE)
    with pytest.raises(RegistryUnavailable):
        await ask("WWC123U")


async def test_the_slow_ending_has_its_documented_finding() -> None:
    finding = await ask("WWC123Z")
    assert (finding.eligibility, finding.status_detail) == documented("Z")


@pytest.mark.parametrize("ending", ANSWERED)
async def test_a_pushed_status_has_the_same_finding(ending: str) -> None:
    finding = await ask(ending)
    assert finding.raw_status is not None
    assert SandboxAdapter().read_push(finding.raw_status, None) == finding


def test_a_pushed_status_that_is_not_in_the_table_needs_a_review() -> None:
    finding = SandboxAdapter().read_push("ODD", None)
    assert (finding.eligibility, finding.raw_status) == (Eligibility.REVIEW_REQUIRED, "ODD")
    assert finding.problems
