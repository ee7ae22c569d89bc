"""No query and no mutation lets an organization see, change or detect the rows of another one."""

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
FULLY_TESTED = [
    entry
    for entry in QUERIES
    if "where" not in entry.field.args
    or entry == next(other for other in QUERIES if other.where_type == entry.where_type)
]
"""The fields whose arguments are all tried: of the lists with the same `where` type, only the first."""
LISTS = [entry for entry in QUERIES if entry.is_list]


INTERNAL_PREFIXES = {"hist", "uns", "stl", "tly", "frm"}
"""Id prefixes of internal records, which the graph neither shows nor takes as arguments."""


@pytest.fixture
async def untouched(other_world: World) -> AsyncIterator[World]:
    """The other organization; asserts after the test that nothing in it has changed."""
    before = await other_world.tenant.rows()
    yield other_world
    assert await other_world.tenant.rows() == before


def secrets_of(world: World) -> Secrets:
    """Return the ids and tokens that no answer to another organization may contain."""
    secrets = Secrets.of(world.rows)
    return Secrets(secrets.ids | {world.tenant.id}, secrets.tokens)


@pytest.mark.parametrize("entry", MUTATIONS, ids=str)
async def test_mutation_treats_another_tenants_id_as_unknown(entry: Entry, tenant: Tenant, untouched: World) -> None:
    asker = Asker(tenant, Maker(tenant, "own"))
    unused = list(untouched.rows)
    for leaf in calls.leaves(entry):
        call = await working(asker, entry, leaf)
        if leaf.type == "ID":
            hidden = untouched.one_of_each()
        else:
            # Once a mutation has used a text for its own record, the text no longer belongs to the other organization.
            live = {row.label: row for row in reversed(names_for(leaf, unused)) if "gone" not in row.label}
            hidden = list(live.values())
            unused = [row for row in unused if row not in hidden]
        await compare(asker, entry, leaf, call, hidden, secrets_of(untouched))


@pytest.mark.parametrize("entry", QUERIES, ids=str)
async def test_query_treats_another_tenants_id_as_unknown(entry: Entry, world: World, other_world: World) -> None:
    asker = Asker(world.tenant, Maker(world.tenant, "asked"))
    leaves = [leaf for leaf in calls.leaves(entry) if leaf.path[-1] not in calls.CURSORS]
    if entry not in FULLY_TESTED:
        leaves = [leaf for leaf in leaves if calls.differs_by_list(leaf)]
    differs: dict[str, bool] = {}
    for leaf in leaves:
        # An id of the own organization must change the answer, or the comparison would prove nothing. For fields that
        # are not fully tested one such argument is enough: an applicant's activity need not be about any worker.
        prove = entry in FULLY_TESTED or not any(differs.values())
        differs[str(leaf)] = await _compare_query(asker, entry, leaf, world, other_world, prove=prove)
    assert not differs or (all if entry in FULLY_TESTED else any)(differs.values()), differs


async def _compare_query(
    asker: Asker, entry: Entry, leaf: Leaf, world: World, other_world: World, *, prove: bool
) -> bool:
    """Compare the answers for another tenant's ids; return True if the own ids are answered differently."""
    node = entry_node(entry, world)
    hidden = other_world.one_of_each_kind() if entry.is_list else other_world.one_of_each()
    if leaf.type == "String":
        hidden = names_for(leaf, other_world.rows)[: 1 if entry.is_list else 4]
    differs = False
    for call in calls.variants(entry, leaf):
        nothing = await compare(asker, entry, leaf, call, hidden, secrets_of(other_world), node)
        for row in names_for(leaf, world.rows) if prove else ():
            differs = differs or not set(await answers(asker, entry, leaf, call, [(row,)], node)) <= nothing
    return differs


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_full_list_contains_no_row_of_another_tenant(entry: Entry, world: World, other_world: World) -> None:
    asker = Asker(world.tenant, Maker(world.tenant, "asked"))
    flags = {"includeDeleted", "includeArchived"} & set(entry.field.args)
    arguments: dict[calls.Path, Any] = {("first",): 100}
    arguments |= {(name,): True for name in flags}
    [answer] = await asker.ask(entry, [arguments], node=entry_node(entry, world), hops=2)
    assert answer.errors == []
    assert answer.data["nodes"]
    assert secrets_of(other_world).told_by(answer.text([])) == set()


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_cursor_of_another_tenant_is_refused(entry: Entry, world: World, other_world: World) -> None:
    other_asker = Asker(other_world.tenant, Maker(other_world.tenant, "asked"))
    [page] = await other_asker.ask(entry, [{("first",): 1}], node=entry_node(entry, other_world))
    asker = Asker(world.tenant, Maker(world.tenant, "asked"))
    for direction in ("after", "before"):
        cursor: dict[calls.Path, Any] = {(direction,): page.data["pageInfo"]["endCursor"]}
        [refused] = await asker.ask(entry, [cursor], node=entry_node(entry, world))
        assert [error["extensions"]["code"] for error in refused.errors] == ["BAD_CURSOR"]
        assert refused.data is None
        [accepted] = await other_asker.ask(entry, [cursor], node=entry_node(entry, other_world))
        assert accepted.errors == []


def test_world_has_a_row_of_every_table(world: World) -> None:
    prefixes = {table.prefix for table in Record.tables().values() if hasattr(table, "prefix")} - INTERNAL_PREFIXES
    assert {row.id.partition("_")[0] for row in world.rows if row.id} == prefixes
