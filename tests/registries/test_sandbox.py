"""The sandbox registry finds what its documentation says, row by row."""

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
    """What the table says of an ending."""
    words = re.split(r", |: ", DOCUMENTED[ending])
    eligibility = next(ELIGIBILITIES[word] for word in words if word in ELIGIBILITIES)
    return eligibility, next((StatusDetail(word) for word in words if word in list(StatusDetail)), None)


def test_the_documentation_names_every_ending() -> None:
    assert set(DOCUMENTED) == {*sandbox.FINDINGS, "U", "Z", "anything else"}


@pytest.mark.parametrize("ending", ANSWERED)
async def test_an_ending_finds_what_is_documented(ending: str) -> None:
    found = await ask(f"WWC123{ending}")
    assert (found.eligibility, found.status_detail) == documented(ending)
    assert found.raw_status


@pytest.mark.parametrize("ending", ANSWERED)
async def test_letters_may_be_small_and_blanks_do_not_count(ending: str) -> None:
    assert await ask(f"wwc123{ending.lower()} ") == await ask(f"WWC123{ending}")


@pytest.mark.parametrize("number", ["WWC1234567E", "0", "", None, "X1"])
async def test_anything_else_is_valid(number: str | None) -> None:
    found = await ask(number)
    assert (found.eligibility, found.status_detail) == documented("anything else")


async def test_an_unavailable_registry_does_not_answer() -> None:
    assert DOCUMENTED["U"].startswith(StatusDetail.SOURCE_UNAVAILABLE)
    with pytest.raises(RegistryUnavailable):
        await ask("WWC123U")


async def test_a_slow_registry_finds_what_is_documented() -> None:
    found = await ask("WWC123Z")
    assert (found.eligibility, found.status_detail) == documented("Z")


@pytest.mark.parametrize("ending", ANSWERED)
async def test_a_pushed_status_finds_the_same(ending: str) -> None:
    found = await ask(ending)
    assert found.raw_status is not None
    assert SandboxAdapter().read_push(found.raw_status, None) == found


def test_a_pushed_status_that_is_not_in_the_table_needs_a_review() -> None:
    found = SandboxAdapter().read_push("ODD", None)
    assert (found.eligibility, found.raw_status) == (Eligibility.REVIEW_REQUIRED, "ODD")
    assert found.problems
