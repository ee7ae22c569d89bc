"""Pages of workers: every order, cursors in both directions, and invalid arguments."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from app.core import ids
from app.core.text import fold
from app.workers.tables import Worker
from tests import property_settings
from tests.calls import mutate_ok, query_nodes, run_query
from tests.conftest import SettableClock
from tests.service import Service, Tenant

SIZE = 60
START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = "id identity { displayName firstName lastName } contact { workEmail } createdAt updatedAt"
KEYS: dict[str, Callable[[dict[str, Any]], str]] = {
    "DISPLAY_NAME": lambda worker: fold(worker["identity"]["displayName"]),
    "EMAIL": lambda worker: fold(worker["contact"]["workEmail"] or ""),
    "CREATED_AT": lambda worker: str(datetime.fromisoformat(worker["createdAt"])),
    "FIRST_NAME": lambda worker: fold(worker["identity"]["firstName"] or ""),
    "LAST_NAME": lambda worker: fold(worker["identity"]["lastName"] or ""),
    "UPDATED_AT": lambda worker: str(datetime.fromisoformat(worker["updatedAt"])),
}
PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
ORDERS = st.lists(
    st.tuples(st.sampled_from(sorted(KEYS)), st.sampled_from(["ASC", "DESC"])),
    max_size=4,
    unique_by=lambda key: key[0],
)


@pytest.fixture(scope="module")
async def crowd(service: Service, session_clock: SettableClock) -> Tenant:
    """Create sixty workers, many with equal names and times."""
    tenant = await Tenant.create(service, "Crowd", types=frozenset())
    with session_clock.stopped():
        for number in range(SIZE):
            session_clock.set(START + timedelta(seconds=number // 7))
            await tenant.add_worker(
                ["Ada", "alan", "ÉLOISE", "éloise", "Zoë", "_", "Ada"][number % 7],
                identity={"firstName": ["A", "a", None][number % 3], "lastName": ["Z", "y"][number % 2]},
                contact={"workEmail": f"{number:02}@crowd.test" if number % 4 == 0 else None},
            )
    return tenant


def in_order(workers: list[dict[str, Any]], order: list[tuple[str, str]]) -> list[str]:
    """Return the ids sorted by keys; the id is the last key, in the direction of the key before it."""
    keys = order or [("DISPLAY_NAME", "ASC")]
    managers = sorted(workers, key=lambda worker: str(worker["id"]), reverse=keys[-1][1] == "DESC")
    for name, direction in reversed(keys):
        # Python's sort is stable, also in reverse.
        managers = sorted(managers, key=KEYS[name], reverse=direction == "DESC")
    return [worker["id"] for worker in managers]


async def walk(tenant: Tenant, size: int, *, backwards: bool, **arguments: Any) -> list[str]:
    """Return all ids, page by page, from the end if `backwards`."""
    managers: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = {("last" if backwards else "first"): size, **cursor, **arguments}
        answer = await run_query(tenant, "workers", f"edges {{ cursor node {{ id }} }} {PAGE_INFO}", **page)
        connection = answer.data["workers"]
        edges, info = connection["edges"], connection["pageInfo"]
        here = [edge["node"]["id"] for edge in edges]
        managers = [*here, *managers] if backwards else [*managers, *here]
        assert len(managers) == len(set(managers))
        assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        assert info["hasNextPage" if backwards else "hasPreviousPage"] == bool(cursor)
        if not info["hasPreviousPage" if backwards else "hasNextPage"]:
            return managers
        assert len(here) == size
        cursor = {"before": info["startCursor"]} if backwards else {"after": info["endCursor"]}


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("name", sorted(KEYS))
async def test_every_order_works_in_both_directions(crowd: Tenant, name: str, direction: str) -> None:
    workers = await query_nodes(crowd, "workers", ROW)
    order = [{"field": name, "direction": direction}]
    managers = [worker["id"] for worker in await query_nodes(crowd, "workers", "id", orderBy=order)]
    assert managers == in_order(workers, [(name, direction)])


async def test_the_default_order_is_by_name_ascending(crowd: Tenant) -> None:
    workers = await query_nodes(crowd, "workers", ROW)
    expected = in_order(workers, [("DISPLAY_NAME", "ASC")])
    cases: list[dict[str, Any]] = [
        {},
        {"orderBy": []},
        {"orderBy": None},
        {"orderBy": [{"field": "DISPLAY_NAME"}]},
    ]
    for arguments in cases:
        assert [worker["id"] for worker in await query_nodes(crowd, "workers", "id", **arguments)] == expected


@property_settings.sequences
@given(order=ORDERS, size=st.integers(7, 40), backwards=st.booleans())
async def test_paging_returns_every_worker_once_in_order(
    crowd: Tenant, order: list[tuple[str, str]], size: int, backwards: bool
) -> None:
    workers = await query_nodes(crowd, "workers", ROW)
    keys = [{"field": name, "direction": direction} for name, direction in order]
    managers = await walk(crowd, size, backwards=backwards, orderBy=keys)
    assert managers == in_order(workers, order)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    "order",
    [
        [("FIRST_NAME", "ASC"), ("LAST_NAME", "DESC")],
        [("LAST_NAME", "DESC"), ("CREATED_AT", "ASC"), ("DISPLAY_NAME", "DESC")],
        [("EMAIL", "DESC"), ("FIRST_NAME", "ASC"), ("UPDATED_AT", "ASC"), ("DISPLAY_NAME", "ASC")],
    ],
)
async def test_mixed_directions_page_both_ways(crowd: Tenant, order: list[tuple[str, str]], backwards: bool) -> None:
    workers = await query_nodes(crowd, "workers", ROW)
    keys = [{"field": name, "direction": direction} for name, direction in order]
    assert await walk(crowd, 9, backwards=backwards, orderBy=keys) == in_order(workers, order)


async def test_paging_keeps_the_filter(crowd: Tenant) -> None:
    arguments: dict[str, Any] = {"where": {"firstName": {"eq": "A"}}, "search": "a"}
    whole = [worker["id"] for worker in await query_nodes(crowd, "workers", "id", **arguments)]
    assert 10 < len(whole) < SIZE
    for backwards in (False, True):
        assert await walk(crowd, 4, backwards=backwards, **arguments) == whole


async def test_the_default_page_size_is_25(crowd: Tenant) -> None:
    everyone = await walk(crowd, 100, backwards=False)
    assert len(everyone) == SIZE
    for arguments, expected in (
        ({}, everyone[:25]),
        ({"first": None}, everyone[:25]),
        ({"first": 1}, everyone[:1]),
        ({"first": 100}, everyone),
        ({"last": 2}, everyone[-2:]),
        ({"last": 100}, everyone),
    ):
        answer = await run_query(crowd, "workers", "nodes { id }", **arguments)
        assert [worker["id"] for worker in answer.data["workers"]["nodes"]] == expected


async def test_before_alone_returns_the_page_that_ends_there(crowd: Tenant) -> None:
    everyone = await walk(crowd, 100, backwards=False)
    edges = (await run_query(crowd, "workers", "edges { cursor }", first=100)).data["workers"]["edges"]
    for arguments, expected in (
        ({"before": edges[30]["cursor"]}, everyone[5:30]),
        ({"before": edges[3]["cursor"], "last": 10}, everyone[:3]),
        ({"before": edges[0]["cursor"]}, []),
        ({"after": edges[30]["cursor"]}, everyone[31:56]),
        ({"after": edges[-1]["cursor"], "first": 10}, []),
    ):
        answer = await run_query(crowd, "workers", f"nodes {{ id }} {PAGE_INFO}", **arguments)
        connection = answer.data["workers"]
        assert [worker["id"] for worker in connection["nodes"]] == expected
        if not expected:
            assert connection["pageInfo"]["startCursor"] is None
            assert connection["pageInfo"]["endCursor"] is None


@pytest.mark.parametrize("name", ["first", "last"])
async def test_a_page_of_no_items_says_what_the_list_has(crowd: Tenant, name: str) -> None:
    document = f"""query ($after: String) {{
      all: workers({name}: 0) {{ ...page totalCount {{ count }} }}
      none: workers({name}: 0, search: "nobody has this") {{ ...page totalCount {{ count }} }}
      rest: workers(first: 0, after: $after) {{ ...page }}
      nested: workers(first: 2) {{
        nodes {{ reports({name}: 0) {{ ...page }} activity({name}: 0) {{ nodes {{ id }} }} }}
      }}
    }} fragment page on WorkerConnection {{ nodes {{ id }} edges {{ cursor }}
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"""
    everybody = (await run_query(crowd, "workers", "edges { cursor } totalCount { count }", first=100)).data["workers"]
    data = (await crowd.execute(document, after=everybody["edges"][-2]["cursor"])).data
    assert len(data["nested"]["nodes"]) == 2
    assert data["all"].pop("totalCount") == everybody["totalCount"]
    assert data["none"].pop("totalCount") == {"count": 0}
    for page in (data["all"], data["none"], data["rest"], *(node["reports"] for node in data["nested"]["nodes"])):
        assert (page["nodes"], page["edges"]) == ([], [])
        assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (None, None)
    flags = [
        (data[key]["pageInfo"]["hasPreviousPage"], data[key]["pageInfo"]["hasNextPage"]) for key in ("all", "none")
    ]
    assert flags == [(name == "last", name == "first"), (False, False)]
    assert data["rest"]["pageInfo"]["hasNextPage"]
    assert all(node["activity"] == {"nodes": []} for node in data["nested"]["nodes"])


async def test_a_cursor_outlives_its_row(tenant: Tenant) -> None:
    first_id, second_id, third_id = [await tenant.add_worker(name) for name in ("A", "B", "C")]
    page = (await run_query(tenant, "workers", "edges { cursor node { id } }")).data["workers"]["edges"]
    assert [edge["node"]["id"] for edge in page] == [first_id, second_id, third_id]
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": second_id})
    rest = await run_query(tenant, "workers", "nodes { id }", after=page[1]["cursor"])
    assert rest.data["workers"]["nodes"] == [{"id": third_id}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"first": 101}, "first is not between 0 and 100"),
        ({"first": -1}, "first is not between 0 and 100"),
        ({"last": -1}, "last is not between 0 and 100"),
        ({"last": 101}, "last is not between 0 and 100"),
        ({"first": 1, "last": 1}, "first and last exclude each other; send one of them"),
        ({"first": 1, "before": "x"}, "after goes with first, before goes with last"),
        ({"last": 1, "after": "x"}, "after goes with first, before goes with last"),
        ({"after": "x", "before": "x"}, "after goes with first, before goes with last"),
        (
            {"orderBy": [{"field": "EMAIL"}, {"field": "EMAIL", "direction": "DESC"}]},
            "orderBy: takes up to 4 keys, each field once",
        ),
        ({"orderBy": [{"field": name} for name in sorted(KEYS)[:5]]}, "orderBy: takes up to 4 keys, each field once"),
    ],
)
async def test_invalid_page_arguments_are_refused(crowd: Tenant, arguments: dict[str, Any], message: str) -> None:
    answer = await run_query(crowd, "workers", "nodes { id }", **arguments)
    assert (answer.body["data"], answer.codes) == ({"workers": None}, ["BAD_PAGE"])
    assert answer.errors[0]["message"] == message
    nested = ", ".join(f"{name}: {value}" for name, value in arguments.items() if name != "orderBy")
    if nested and "x" not in nested:
        answer = await crowd.execute(
            f"{{ workers(first: 1) {{ nodes {{ reports({nested}) {{ nodes {{ id }} }} }} }} }}"
        )
        assert answer.body["data"] == {"workers": {"nodes": [{"reports": None}]}}
        assert answer.codes == ["BAD_PAGE"]


async def test_a_cursor_is_bound_to_its_order_filter_and_list(crowd: Tenant, tenant: Tenant) -> None:
    await tenant.add_worker("Ada")
    page = await run_query(crowd, "workers", "edges { cursor }", first=3)
    cursor = page.data["workers"]["edges"][1]["cursor"]
    others: list[dict[str, Any]] = [
        {"orderBy": [{"field": "EMAIL"}]},
        {"orderBy": [{"field": "DISPLAY_NAME", "direction": "DESC"}]},
        {"orderBy": [{"field": "DISPLAY_NAME"}, {"field": "EMAIL"}]},
        {"where": {"firstName": {"eq": "a"}}},
        {"search": "a"},
        {"includeDeleted": True},
    ]
    for arguments in others:
        for way in ("after", "before"):
            answer = await run_query(crowd, "workers", "nodes { id }", **{way: cursor}, **arguments)
            assert (answer.body["data"], answer.codes) == ({"workers": None}, ["BAD_CURSOR"])
    assert (await run_query(tenant, "workers", "nodes { id }", after=cursor)).codes == ["BAD_CURSOR"]
    assert (await run_query(crowd, "applicants", "nodes { id }", after=cursor)).codes == ["BAD_CURSOR"]
    assert (await run_query(crowd, "workers", "nodes { id }", after=cursor)).codes == []


async def test_a_cursor_is_bound_to_the_values_of_its_filter(crowd: Tenant) -> None:
    where = {"firstName": {"eq": "a"}}
    page = await run_query(crowd, "workers", "edges { cursor }", first=1, where=where)
    cursor = page.data["workers"]["edges"][0]["cursor"]
    answer = await run_query(crowd, "workers", "nodes { id }", after=cursor, where={"firstName": {"eq": "b"}})
    assert answer.codes == ["BAD_CURSOR"]
    assert (await run_query(crowd, "workers", "nodes { id }", after=cursor, where=where)).codes == []


async def test_a_tampered_cursor_is_refused(crowd: Tenant) -> None:
    page = await run_query(crowd, "workers", "pageInfo { endCursor }", first=3)
    cursor = page.data["workers"]["pageInfo"]["endCursor"]
    middle = len(cursor) // 2
    other = "A" if cursor[middle] != "A" else "B"
    tampered = [
        cursor[:middle] + other + cursor[middle + 1 :],
        ("A" if cursor[0] != "A" else "B") + cursor[1:],
        cursor[:-4],
        cursor + "AAAA",
        cursor[4:],
        "",
        "x",
        "not a cursor",
        "é",
        "=",
    ]
    for text in tampered:
        answer = await run_query(crowd, "workers", "nodes { id }", after=text)
        assert (answer.body["data"], answer.codes) == ({"workers": None}, ["BAD_CURSOR"]), text


async def test_reports_are_paged_for_each_manager(tenant: Tenant) -> None:
    managers = [await tenant.add_worker(f"Manager {number}") for number in range(3)]
    for number, manager in enumerate(managers):
        for report in range(number * 3):
            await tenant.add_worker(f"Report {report}", manager={"id": manager})
    inner = f"totalCount {{ count precision }} nodes {{ identity {{ displayName }} }} {PAGE_INFO}"
    where = {"displayName": {"startsWith": "manager"}}
    selection = f"nodes {{ id reports(first: 2, orderBy: [{{field: DISPLAY_NAME, direction: DESC}}]) {{ {inner} }} }}"
    nodes = (await run_query(tenant, "workers", selection, where=where)).data["workers"]["nodes"]
    pages = [worker["reports"] for worker in nodes]
    assert [page["totalCount"] for page in pages] == [{"count": count, "precision": "EXACT"} for count in (0, 3, 6)]
    assert [[report["identity"]["displayName"] for report in page["nodes"]] for page in pages] == [
        [],
        ["Report 2", "Report 1"],
        ["Report 5", "Report 4"],
    ]
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [False, True, True]
    selection = (
        "reports(first: 2, after: $after, orderBy: [{field: DISPLAY_NAME, direction: DESC}]) "
        f"{{ nodes {{ identity {{ displayName }} }} {PAGE_INFO} }}"
    )
    text = f"query ($by: WorkerBy!, $after: String) {{ worker(by: $by) {{ {selection} }} }}"
    variables = {"by": {"id": managers[1]}, "after": pages[1]["pageInfo"]["endCursor"]}
    rest = (await tenant.execute(text, variables)).data["worker"]["reports"]
    assert rest["nodes"] == [{"identity": {"displayName": "Report 0"}}]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_a_count_is_exact_up_to_ten_thousand(tenant: Tenant) -> None:
    now = tenant.service.database.clock()

    async def add(count: int) -> None:
        rows = [
            {
                "organization_id": tenant.id,
                "id": ids.new("wkr"),
                "display_name": "Bulk",
                "display_name_key": "bulk",
                "search_text": "bulk",
                "created_at": now,
                "updated_at": now,
            }
            for _ in range(count)
        ]
        async with tenant.service.database.writing("test") as session:
            await session.execute(insert(Worker), rows)

    async def counted(**arguments: Any) -> Any:
        return (await run_query(tenant, "workers", "totalCount { count precision }", **arguments)).data["workers"][
            "totalCount"
        ]

    assert await counted() == {"count": 0, "precision": "EXACT"}
    await add(10_000)
    assert await counted() == {"count": 10_000, "precision": "EXACT"}
    await add(1)
    assert await counted() == {"count": 10_000, "precision": "AT_LEAST"}
    assert await counted(search="bulk") == {"count": 10_000, "precision": "AT_LEAST"}
    assert await counted(search="nobody") == {"count": 0, "precision": "EXACT"}
    await tenant.add_worker("Somebody else")
    assert await counted(where={"displayName": {"startsWith": "some"}}, first=1) == {
        "count": 1,
        "precision": "EXACT",
    }
