# ruff: noqa: RUF001 - characters that look alike are what is tested
"""Search, filters and sorts of text with accents, other quotes, hyphens and blanks, and of spaced phone numbers."""

from typing import Any

import pytest

from tests.calls import assert_refused, query_nodes, run_query
from tests.service import Service, Tenant

PAGE = "nodes { identity { displayName } } pageInfo { endCursor hasNextPage }"
PEOPLE: dict[str, dict[str, Any]] = {
    "Nuñez": {"contact": {"phone": "+61 412 345 678"}},
    "O’Brien": {"contact": {"phone": "0498765432"}},
    "İpek Yılmaz": {"contact": {"phone": "(02) 9999-1234"}},
    "Jean‑Luc Picard": {"contact": {"workEmail": "jl@straße.example"}},
    "Émile": {"contact": {"workEmail": "émile@a.example"}},
    "Emil": {},
    "Zoe": {},
    "Ann Lee": {"employment": {"team": "Équipe  A"}},
    "Anna": {},
    "Łukasz": {"source": {"externalId": "12345-6"}},
}


@pytest.fixture(scope="module")
async def crew(service: Service) -> Tenant:
    """Create an organization that no test changes."""
    tenant = await Tenant.create(service, "Crew", types=frozenset())
    for name, content in PEOPLE.items():
        await tenant.add_worker(name, **content)
    return tenant


async def names(tenant: Tenant, **arguments: Any) -> list[str]:
    nodes = await query_nodes(tenant, "workers", "identity { displayName }", **arguments)
    return [node["identity"]["displayName"] for node in nodes]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("Nunez", ["Nuñez"]),
        ("NUN\u0303EZ", ["Nuñez"]),
        ("O'Brien", ["O’Brien"]),
        ("o`brien", ["O’Brien"]),
        ("ipek", ["İpek Yılmaz"]),
        ("YILMAZ", ["İpek Yılmaz"]),
        ("jean-luc", ["Jean‑Luc Picard"]),
        ("jean–luc", ["Jean‑Luc Picard"]),
        ("emil", ["Emil", "Émile"]),
        ("lukasz", ["Łukasz"]),
        ("a\u00adnn\u200b", ["Ann Lee", "Anna"]),
        ("Ａｎｎ\u3000lee", ["Ann Lee"]),
        ("0412345678", []),
        ("+61412345678", ["Nuñez"]),
        ("61 412345 678", ["Nuñez"]),
        ("412 345 678", ["Nuñez"]),
        ("412-345-678", ["Nuñez"]),
        ("0498 765 432", ["O’Brien"]),
        ("(04) 9876 5432", ["O’Brien"]),
        ("0498.765.432 brien", ["O’Brien"]),
        ("02 99991234", ["İpek Yılmaz"]),
        ("0299991234", ["İpek Yılmaz"]),
        ("٠٤٩٨ ٧٦٥ ٤٣٢", ["O’Brien"]),
        ("12345-6", ["Łukasz", "Nuñez"]),
        ("12345-9", []),
        ("strasse", ["Jean‑Luc Picard"]),
        ("\u200b", None),
    ],
)
async def test_search_ignores_accents_quotes_hyphens_and_spacing(
    crew: Tenant, search: str, found: list[str] | None
) -> None:
    assert await names(crew, search=search) == (found if found is not None else await names(crew))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"displayName": {"startsWith": "Ann "}}, ["Ann Lee"]),
        ({"displayName": {"startsWith": "ann\u00a0"}}, ["Ann Lee"]),
        ({"displayName": {"startsWith": "Ann"}}, ["Ann Lee", "Anna"]),
        ({"displayName": {"contains": "n l"}}, ["Ann Lee"]),
        ({"displayName": {"contains": " "}}, ["Ann Lee", "İpek Yılmaz", "Jean‑Luc Picard"]),
        ({"displayName": {"eq": " emile "}}, ["Émile"]),
        ({"displayName": {"in": ["o'brien", "ZOË"]}}, ["O’Brien", "Zoe"]),
        ({"team": {"startsWith": "equipe"}}, ["Ann Lee"]),
        ({"email": {"eq": "JL@Straße.example"}}, ["Jean‑Luc Picard"]),
        ({"email": {"eq": "jl@strasse.example"}}, []),
        ({"email": {"contains": "strasse"}}, []),
        ({"email": {"startsWith": "ÉMILE@"}}, ["Émile"]),
        ({"email": {"startsWith": "emile@"}}, []),
    ],
)
async def test_filters_ignore_accents_and_keep_blanks(crew: Tenant, where: dict[str, Any], found: list[str]) -> None:
    assert await names(crew, where=where) == found


async def test_letters_with_accents_are_sorted_by_those_without(crew: Tenant) -> None:
    expected = [
        "Ann Lee",
        "Anna",
        "Emil",
        "Émile",
        "İpek Yılmaz",
        "Jean‑Luc Picard",
        "Łukasz",
        "Nuñez",
        "O’Brien",
        "Zoe",
    ]
    assert await names(crew) == expected
    assert await names(crew, orderBy=[{"field": "DISPLAY_NAME", "direction": "DESC"}]) == expected[::-1]
    pages, after = [], None
    while True:
        page = (await run_query(crew, "workers", PAGE, first=3, after=after)).data["workers"]
        pages += [node["identity"]["displayName"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pages == expected


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"search": "x" * 255}, ["search"]),
        ({"where": {"displayName": {"eq": "x" * 255}}}, ["where", "displayName", "eq"]),
        ({"where": {"NOT": {"team": {"contains": "x" * 255}}}}, ["where", "NOT", "team", "contains"]),
        ({"where": {"email": {"startsWith": "x" * 255}}}, ["where", "email", "startsWith"]),
        ({"where": {"OR": [{"jobTitle": {"in": ["x", "é" * 255]}}]}}, ["where", "OR", "0", "jobTitle", "in"]),
    ],
)
async def test_longer_text_is_refused_rather_than_cut(crew: Tenant, arguments: dict[str, Any], path: list[str]) -> None:
    answer = await run_query(crew, "workers", "nodes { id }", **arguments)
    assert (answer.body["data"], answer.codes) == ({"workers": None}, ["INVALID"])
    assert answer.errors[0]["extensions"]["inputPath"] == path


async def test_text_of_254_characters_is_searched(crew: Tenant) -> None:
    assert await names(crew, search="x" * 254, where={"displayName": {"contains": "x" * 254}}) == []


async def test_a_name_whose_letters_are_too_many_when_written_out_is_refused(tenant: Tenant) -> None:
    for field, path, content in (
        ("workerCreate", "identity.displayName", {"identity": {"displayName": "\ufdfa" * 20}}),
        ("positionCreate", "name", {"name": "\ufdfa" * 20}),
    ):
        await assert_refused(tenant, field, ("INVALID", path), **content)
    assert await tenant.add_worker("\ufdfa" * 10)
