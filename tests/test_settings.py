"""Settings come from environment variables, whose names are public."""

from dataclasses import asdict, fields

import pytest

from app.settings import Limits, Settings


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_each_limit_has_a_variable_of_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CREDGRAPH_MAX_{name.upper()}", "7")
    assert asdict(Settings().max) == {**asdict(Limits()), name: 7}


def test_a_nested_limit_leaves_other_settings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDGRAPH_MAX_TOKENS", "7")
    monkeypatch.setenv("CREDGRAPH_ALLOWED_ORIGINS", '["https://app.example"]')
    monkeypatch.setenv("CREDGRAPH_S3_ACCESS_KEY", "key")
    settings = Settings()
    assert (settings.max.tokens, settings.allowed_origins, settings.s3_access_key) == (
        7,
        ("https://app.example",),
        "key",
    )
