"""No query and no mutation lets an organization see, change or detect the rows of another one."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.db.records import Record
from tests.architecture import calls
from tests.architecture.calls import Reference
from tests.architecture.probing import (
    Prober,
    Secrets,
    accepted_call,
    assert_indistinguishable,
    result_texts,
    rows_named_by,
)
from tests.architecture.shapes import FieldEntry, edges_with_arguments, roots
from tests.architecture.worlds import RowFactory, World, node_id
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
async def test_mutation_treats_another_tenants_id_as_unknown(
    entry: FieldEntry, tenant: Tenant, untouched: World
) -> None:
    prober = Prober(tenant, RowFactory(tenant, "own"))
    unused = list(untouched.rows)
    for reference in calls.references(entry):
        call = await accepted_call(prober, entry, reference)
        if reference.type == "ID":
            hidden = untouched.one_per_label()
        else:
            # Once a mutation has used a text for its own record, the text no longer belongs to the other organization.
            live = {row.label: row for row in reversed(rows_named_by(reference, unused)) if "gone" not in row.label}
            hidden = list(live.values())
            unused = [row for row in unused if row not in hidden]
        await assert_indistinguishable(prober, entry, reference, call, hidden, secrets_of(untouched))


@pytest.mark.parametrize("entry", QUERIES, ids=str)
async def test_query_treats_another_tenants_id_as_unknown(entry: FieldEntry, world: World, other_world: World) -> None:
    prober = Prober(world.tenant, RowFactory(world.tenant, "asked"))
    references = [reference for reference in calls.references(entry) if reference.path[-1] not in calls.CURSORS]
    if entry not in FULLY_TESTED:
        references = [reference for reference in references if calls.depends_on_list(reference)]
    differs: dict[str, bool] = {}
    for reference in references:
        # An id of the own organization must change the answer, or the comparison would prove nothing. For fields that
        # are not fully tested one such argument is enough: an applicant's activity need not be about any worker.
        prove = entry in FULLY_TESTED or not any(differs.values())
        differs[str(reference)] = await _compare_query(prober, entry, reference, world, other_world, prove=prove)
    assert not differs or (all if entry in FULLY_TESTED else any)(differs.values()), differs


async def _compare_query(
    prober: Prober, entry: FieldEntry, reference: Reference, world: World, other_world: World, *, prove: bool
) -> bool:
    """Compare the answers for another tenant's ids; return True if the own ids are answered differently."""
    node = node_id(entry, world)
    hidden = other_world.one_per_noun() if entry.is_list else other_world.one_per_label()
    if reference.type == "String":
        hidden = rows_named_by(reference, other_world.rows)[: 1 if entry.is_list else 4]
    differs = False
    for call in calls.variants(entry, reference):
        nothing = await assert_indistinguishable(prober, entry, reference, call, hidden, secrets_of(other_world), node)
        for row in rows_named_by(reference, world.rows) if prove else ():
            differs = differs or not set(await result_texts(prober, entry, reference, call, [(row,)], node)) <= nothing
    return differs


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_full_list_contains_no_row_of_another_tenant(entry: FieldEntry, world: World, other_world: World) -> None:
    prober = Prober(world.tenant, RowFactory(world.tenant, "asked"))
    flags = {"includeDeleted", "includeArchived"} & set(entry.field.args)
    arguments: dict[calls.ArgumentPath, Any] = {("first",): 100}
    arguments |= {(name,): True for name in flags}
    [answer] = await prober.call(entry, [arguments], node=node_id(entry, world), hops=2)
    assert answer.errors == []
    assert answer.data["nodes"]
    assert secrets_of(other_world).revealed_by(answer.text([])) == set()


@pytest.mark.parametrize("entry", LISTS, ids=str)
async def test_cursor_of_another_tenant_is_refused(entry: FieldEntry, world: World, other_world: World) -> None:
    other_prober = Prober(other_world.tenant, RowFactory(other_world.tenant, "asked"))
    [page] = await other_prober.call(entry, [{("first",): 1}], node=node_id(entry, other_world))
    prober = Prober(world.tenant, RowFactory(world.tenant, "asked"))
    for direction in ("after", "before"):
        cursor: dict[calls.ArgumentPath, Any] = {(direction,): page.data["pageInfo"]["endCursor"]}
        [refused] = await prober.call(entry, [cursor], node=node_id(entry, world))
        assert [error["extensions"]["code"] for error in refused.errors] == ["BAD_CURSOR"]
        assert refused.data is None
        [accepted] = await other_prober.call(entry, [cursor], node=node_id(entry, other_world))
        assert accepted.errors == []


def test_world_has_a_row_of_every_table(world: World) -> None:
    prefixes = {table.prefix for table in Record.tables().values() if hasattr(table, "prefix")} - INTERNAL_PREFIXES
    assert {row.id.partition("_")[0] for row in world.rows if row.id} == prefixes
