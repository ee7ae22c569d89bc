"""The registry of a name, and errors in the file that describes registries."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.main import create_app
from app.registries.findings import Eligibility
from app.registries.protocol import Inquiry, Misconfigured
from app.registries.registry_set import RegistrySet
from app.settings import Settings
from tests import registry
from tests.registry import FakeRegistry

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MANUAL = Inquiry(type_code="WWCC_NSW", reference_number="WWC1X")


@asynccontextmanager
async def open_registries(file: Path | None = None) -> AsyncIterator[RegistrySet]:
    registries = RegistrySet(file)
    try:
        yield registries
    finally:
        await registries.close()


async def test_a_described_registry_is_asked_over_http(fake: FakeRegistry, tmp_path: Path) -> None:
    async with open_registries(registry.write_config(tmp_path, ocg=fake.config())) as registries:
        source = registries.get("ocg", sandbox=False)
        assert (source.name, source.adapter.name, source.state) == ("ocg", "http", "closed")
        await source.check(MANUAL)
    assert len(fake.received) == 1


async def test_a_name_has_one_registry_so_that_its_breaker_keeps_its_state(fake: FakeRegistry, tmp_path: Path) -> None:
    async with open_registries(registry.write_config(tmp_path, ocg=fake.config())) as registries:
        for name, sandbox in (("ocg", False), ("vic", False), ("ocg", True)):
            assert registries.get(name, sandbox=sandbox) is registries.get(name, sandbox=sandbox)


async def test_registries_without_a_description_need_a_review(fake: FakeRegistry, tmp_path: Path) -> None:
    async with open_registries(registry.write_config(tmp_path, ocg=fake.config())) as registries:
        source = registries.get("vic", sandbox=False)
        assert source.adapter.name == "manual"
        finding = (await source.check(MANUAL)).finding
    assert finding.eligibility is Eligibility.REVIEW_REQUIRED
    assert finding.problems == ["Check WWCC_NSW with its issuer by hand."]


async def test_without_a_file_every_check_needs_a_review() -> None:
    async with open_registries() as registries:
        assert registries.get("ocg", sandbox=False).adapter.name == "manual"


@pytest.mark.parametrize("name", ["ocg", "vic", "sandbox", "manual"])
async def test_an_organization_outside_sandbox_mode_never_uses_the_sandbox(
    fake: FakeRegistry, tmp_path: Path, name: str
) -> None:
    async with open_registries(registry.write_config(tmp_path, ocg=fake.config())) as registries:
        assert registries.get(name, sandbox=True).adapter.name == "sandbox"
        assert registries.get(name, sandbox=False).adapter.name != "sandbox"


async def test_an_organization_in_sandbox_mode_never_uses_a_real_registry(fake: FakeRegistry, tmp_path: Path) -> None:
    async with open_registries(registry.write_config(tmp_path, ocg=fake.config())) as registries:
        finding = await registries.get("ocg", sandbox=True).check(MANUAL)
    assert finding.finding.raw_status == "LAPSED"
    assert fake.received == []


async def test_failures_of_the_sandbox_open_no_breaker() -> None:
    async with open_registries() as registries:
        source = registries.get("ocg", sandbox=True)
        for _ in range(6):
            with pytest.raises(Exception, match="does not answer"):
                await source.check(Inquiry(type_code="WWCC_NSW", reference_number="U"))
        assert source.state == "closed"


async def test_only_registries_with_a_secret_may_push(
    fake: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSH", SECRET)
    file = registry.write_config(tmp_path, ocg=fake.config(push_secret="PUSH"), vic=fake.config())
    async with open_registries(file) as registries:
        assert registries.find_pushing("ocg") is registries.get("ocg", sandbox=False)
        assert [registries.find_pushing(name) for name in ("vic", "qld")] == [None, None]


def _with_header(fake: FakeRegistry) -> dict[str, Any]:
    return fake.config(headers={"X-Key": "{env:NOWHERE}"})


@pytest.mark.parametrize(
    ("describe", "says"),
    [
        (_with_header, "ocg: headers.X-Key: the variable NOWHERE is not set"),
        (lambda fake: fake.config(push_secret="NOWHERE"), "ocg: push_secret: the variable NOWHERE is not set"),
        (lambda fake: fake.config(push_secret="UNFIT"), "ocg: push_secret: the variable UNFIT is not a base64 secret"),
        (lambda fake: fake.config(url="{x}"), "ocg.url: .*unknown placeholder {x}"),
        (lambda fake: {"url": fake.url, "meanings": {}}, "ocg.status_at: Field required"),
        (lambda fake: fake.config(meanings={"A": {"eligibility": "YES"}}), r"ocg\.meanings\.A\.eligibility: "),
        (lambda fake: [], "ocg: Input should be"),
    ],
)
def test_an_invalid_description_is_reported_with_its_file_and_path(
    fake: FakeRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    describe: Callable[[FakeRegistry], Any],
    says: str,
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("UNFIT", "a")
    file = registry.write_config(tmp_path, ocg=describe(fake), vic=fake.config())
    with pytest.raises(Misconfigured, match=f"^{file}: {says}"):
        RegistrySet(file)


@pytest.mark.parametrize(
    ("text", "says"),
    [("{", "not JSON: "), ("", "not JSON: "), ("[]", "Input should be a valid dictionary"), ("\xff", "not JSON: ")],
)
def test_an_invalid_file_is_reported_with_its_path(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "registries.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(Misconfigured, match=f"^{file}: .*{says}"):
        RegistrySet(file)


def test_a_missing_file_is_reported_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=f"^{tmp_path / 'nowhere.json'}: No such file"):
        RegistrySet(tmp_path / "nowhere.json")


def test_the_service_does_not_start_with_unusable_registries(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'none.sqlite'}",
        secret="a secret for tests that is long enough",
        registries=tmp_path / "nowhere.json",
    )
    with pytest.raises(Misconfigured, match=r"nowhere\.json"):
        create_app(settings)
