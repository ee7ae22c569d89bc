"""No query and no mutation lets one organization see, touch or even notice what belongs to another."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.records import Record
from tests.architecture import calls
from tests.architecture.calls import Leaf
from tests.architecture.probing import Asker, Secrets, answers, compare, names_for, working
from tests.architecture.shapes import Entry, edges_with_arguments, roots
from tests.architecture.worlds import Maker, World, entry_node
from tests.service import Tenant

QUERIES = roots("Query") + edges_with_arguments()
MUTATIONS = roots("Mutation")
FULL = [
    entry
    for entry in QUERIES
    if "where" not in entry.field.args
    or entry == next(other for other in QUERIES if other.where_type == entry.where_type)
]
"""The fields on which every argument is tried: of the lists that take the same where, one."""
LISTS = [entry for entry in QUERIES if entry.is_list]


KEPT_INSIDE = {"hist", "uns", "stl", "tly", "frm"}
"""Kinds of records that the service keeps for itself; they are named and shown nowhere."""


@pytest.fixture
async def untouched(abroad: World) -> AsyncIterator[World]:
    """The other organization, in which nothing may have changed when the test is done."""
    before = await abroad.tenant.rows()
    yield abroad
    assert await abroad.tenant.rows() == before


def secrets_of(world: World) -> Secrets:
    """All that must not be told about an organization."""
    found = Secrets.of(world.rows)
    return Secrets(found.ids | {world.tenant.id}, found.tokens)


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
async def test_a_mutation_takes_a_strangers_record_for_none(entry: Entry, tenant: Tenant, untouched: World) -> None:
    asker = Asker(tenant, Maker(tenant, "own"))
    unused = list(untouched.rows)
    for leaf in calls.leaves(entry):
        call = await working(asker, entry, leaf)
        if leaf.type == "ID":
            hidden = untouched.one_of_each()
        else:
            # A text that was taken for one's own record is not a stranger's any more.
            live = {row.label: row for row in reversed(names_for(leaf, unused)) if "gone" not in row.label}
            hidden = list(live.values())
            unused = [row for row in unused if row not in hidden]
        await compare(asker, entry, leaf, call, hidden, secrets_of(untouched))


@pytest.mark.parametrize("entry", QUERIES, ids=str)
async def test_a_query_takes_a_strangers_record_for_none(entry: Entry, home: World, abroad: World) -> None:
    asker = Asker(home.tenant, Maker(home.tenant, "asked"))
    leaves = [leaf for leaf in calls.leaves(entry) if leaf.path[-1] not in calls.CURSORS]
    if entry not in FULL:
        leaves = [leaf for leaf in leaves if calls.differs_by_list(leaf)]
    told: dict[str, bool] = {}
    for leaf in leaves:
        # A name of one's own makes a difference, or else the comparison would show nothing. Elsewhere it is enough
        # that one of them does: nothing says that an applicant's activity is about any worker.
        prove = entry in FULL or not any(told.values())
        told[str(leaf)] = await _compare_query(asker, entry, leaf, home, abroad, prove=prove)
    assert not told or (all if entry in FULL else any)(told.values()), told


async def _compare_query(asker: Asker, entry: Entry, leaf: Leaf, home: World, stranger: World, *, prove: bool) -> bool:
    """Compare the answers about a stranger's rows; gives whether one's own are answered otherwise."""
    node = entry_node(entry, home)
    hidden = stranger.one_of_each_kind() if entry.is_list else stranger.one_of_each()
    if leaf.type == "String":
        hidden = names_for(leaf, stranger.rows)[: 1 if entry.is_list else 4]
    told = False
    for call in calls.variants(entry, leaf):
        nothing = await compare(asker, entry, leaf, call, hidden, secrets_of(stranger), node)
        for row in names_for(leaf, home.rows) if prove else ():
            told = told or not set(await answers(asker, entry, leaf, call, [(row,)], node)) <= nothing
    return told


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_a_list_read_in_full_holds_nothing_of_a_strangers(entry: Entry, home: World, abroad: World) -> None:
    asker = Asker(home.tenant, Maker(home.tenant, "asked"))
    shown = {"includeDeleted", "includeArchived"} & set(entry.field.args)
    given: dict[calls.Path, Any] = {("first",): 100}
    given |= {(name,): True for name in shown}
    [answer] = await asker.ask(entry, [given], node=entry_node(entry, home), hops=2)
    assert answer.errors == []
    assert answer.data["nodes"]
    assert secrets_of(abroad).told_by(answer.text([])) == set()


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_a_strangers_cursor_is_refused(entry: Entry, home: World, abroad: World) -> None:
    theirs = Asker(abroad.tenant, Maker(abroad.tenant, "asked"))
    [page] = await theirs.ask(entry, [{("first",): 1}], node=entry_node(entry, abroad))
    ours = Asker(home.tenant, Maker(home.tenant, "asked"))
    for direction in ("after", "before"):
        cursor: dict[calls.Path, Any] = {(direction,): page.data["pageInfo"]["endCursor"]}
        [refused] = await ours.ask(entry, [cursor], node=entry_node(entry, home))
        assert [error["extensions"]["code"] for error in refused.errors] == ["BAD_CURSOR"]
        assert refused.data is None
        [accepted] = await theirs.ask(entry, [cursor], node=entry_node(entry, abroad))
        assert accepted.errors == []


def test_every_kind_of_record_is_made_for_these_tests(home: World) -> None:
    prefixes = {table.prefix for table in Record.tables().values() if hasattr(table, "prefix")} - KEPT_INSIDE
    assert {row.id.partition("_")[0] for row in home.rows if row.id} == prefixes
