"""The schema keeps the conventions of .github/CONTRIBUTING.md: one name for one thing, and one shape for one task."""

import re
from collections import defaultdict

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, get_named_type

from app.graph.compat import definition_of
from app.graph.dsl.declarations import DECLARATION
from tests.architecture.shapes import SCHEMA
from tests.calls import mutate, mutate_ok
from tests.service import Tenant

STANDARD_DATES = {"issueDate", "expiryDate", "startDate", "endDate", "birthDate"}
"""The terms of the field for days of a credential, an employment and a person."""
RELAY_FLAGS = {"PageInfo.hasNextPage", "PageInfo.hasPreviousPage"}
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields


def members() -> list[tuple[str, str, str]]:
    """Return the owner, the name and the named type of each field, argument and input field."""
    found: list[tuple[str, str, str]] = []
    for type_ in SCHEMA.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in type_.fields.items():
                found.append((type_.name, name, get_named_type(field.type).name))
                found += [
                    (f"{type_.name}.{name}", key, get_named_type(one.type).name) for key, one in field.args.items()
                ]
        elif isinstance(type_, GraphQLInputObjectType):
            found += [(type_.name, name, get_named_type(field.type).name) for name, field in type_.fields.items()]
    return found


def is_filter(owner: str) -> bool:
    """Return True for the inputs that filter lists, whose members are operators or named after what they filter."""
    return owner.endswith(("Filter", "Where"))


def test_instants_end_in_at() -> None:
    wrong = [
        (owner, name)
        for owner, name, kind in members()
        if kind == "DateTime" and not name.endswith("At") and not is_filter(owner)
    ]
    assert wrong == []


def test_days_end_in_on_and_reads_take_as_of() -> None:
    wrong = [
        f"{owner}.{name}"
        for owner, name, kind in members()
        if kind == "Date" and not name.endswith("On") and name not in STANDARD_DATES and owner != "DateFilter"
    ]
    assert {name.rpartition(".")[2] for name in wrong} == {"asOf"}, wrong


def test_booleans_are_bare_adjectives() -> None:
    wrong = [
        f"{owner}.{name}"
        for owner, name, kind in members()
        if kind == "Boolean" and re.match("(is|has|was|does)[A-Z]", name) and name != "isNull"
    ]
    assert set(wrong) == RELAY_FLAGS | (
        {"CredentialsLinkPayload.hasMore", "CredentialsTransferPayload.hasMore"} & set(wrong)
    )


def test_records_with_several_keys_are_looked_up_by_any_of_them() -> None:
    assert SCHEMA.query_type is not None
    for noun in ("worker", "applicant", "credential", "credentialType", "position", "orgUnit"):
        [(name, argument)] = SCHEMA.query_type.fields[noun].args.items()
        assert (name, str(argument.type)) == ("by", f"{noun[0].upper()}{noun[1:]}By!")
    for name, type_ in SCHEMA.type_map.items():
        if isinstance(type_, GraphQLInputObjectType) and name.endswith("By"):
            assert type_.is_one_of


def test_a_field_has_one_type_on_all_node_types() -> None:
    """One `node(id)` query can spread fragments of all types without aliases."""
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    types: dict[str, set[str]] = defaultdict(set)
    for type_ in SCHEMA.get_possible_types(node):
        for name, field in type_.fields.items():
            types[name].add(str(field.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_bulk_mutations_have_one_shape_of_payload() -> None:
    payload, result = SCHEMA.type_map["BulkPayload"], SCHEMA.type_map["BulkResult"]
    found = 0
    for field in MUTATIONS.values():
        type_ = get_named_type(field.type)
        assert isinstance(type_, GraphQLObjectType)
        if "results" in type_.fields:
            found += 1
            item = get_named_type(type_.fields["results"].type)
            assert isinstance(item, GraphQLObjectType)
            assert payload in type_.interfaces
            assert result in item.interfaces
            assert item.name.endswith("Result")
    assert found == 9


async def test_the_results_of_a_bulk_mutation_are_numbered(shared_tenant: Tenant) -> None:
    keys = [await shared_tenant.add_credential(await shared_tenant.add_worker()) for _ in range(2)]
    unknown = "cred_0000000000000000"
    input = {"ids": [keys[0], unknown, keys[1]], "idempotencyKey": keys[0]}
    for _ in range(2):  # the second time from the stored outcome
        payload = await mutate(
            shared_tenant, "credentialsApprove", "results { index credential { id } errors { code } }", **input
        )
        results = payload["results"]
        assert [row["index"] for row in results] == [0, 1, 2]
        assert [row["credential"] and row["credential"]["id"] for row in results] == [keys[0], None, keys[1]]


def test_no_action_is_called_restore() -> None:
    assert {name for name in MUTATIONS if "Restore" in name} == {
        name for name, field in MUTATIONS.items() if field.deprecation_reason is not None
    }


def test_what_can_be_undone_has_both_verbs() -> None:
    # Units and files are removed for good.
    names = set(MUTATIONS) - {"orgUnitDelete", "attachmentDelete"}
    undo = {name: f"{name[:-7]}Unarchive" if name.endswith("Archive") else f"{name[:-6]}Undelete" for name in names}
    wanted = {undo[name] for name in names if name.endswith(("Archive", "Delete")) and name not in undo.values()}
    assert {name for name in wanted if not name.endswith(("Ununarchive", "Unundelete"))} <= names


def test_an_old_name_is_the_renamed_mutation() -> None:
    for name, field in MUTATIONS.items():
        if field.deprecation_reason is None:
            continue
        match = re.fullmatch(r"Use `(\w+)`\.", field.deprecation_reason)
        assert match, name
        renamed = MUTATIONS[match.group(1)]
        assert str(field.type) == str(renamed.type)
        assert str(field.args["input"].type) == str(renamed.args["input"].type)
        old, new = definition_of(field), definition_of(renamed)
        assert old.metadata[DECLARATION] is new.metadata[DECLARATION]


def test_an_enum_says_what_it_is_of() -> None:
    bare = {"Category", "Level", "Trigger", "Outcome", "Metadata", "Approval", "Intake", "Severity", "Status", "Kind"}
    enums = {name for name, type_ in SCHEMA.type_map.items() if isinstance(type_, GraphQLEnumType)}
    assert enums.isdisjoint(bare)


def test_one_spelling() -> None:
    words = defaultdict(set)
    for type_ in SCHEMA.type_map.values():
        if isinstance(type_, GraphQLEnumType) and not type_.name.startswith("__"):
            for value in type_.values:
                for word in value.split("_"):
                    words[re.sub("CE|SE", "*E", word)].add(word)
    assert {key: found for key, found in words.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", ["Undelete", "Restore"])
async def test_the_old_name_still_works(shared_tenant: Tenant, name: str) -> None:
    worker = {"id": await shared_tenant.add_worker()}
    await mutate_ok(shared_tenant, "workerDelete", "worker { id }", worker=worker)
    text = f"mutation ($input: WorkerUndeleteInput!) {{ worker{name}(input: $input) {{ worker {{ deleted }} }} }}"
    answer = await shared_tenant.execute(text, {"input": {"worker": worker}})
    assert answer.data == {f"worker{name}": {"worker": {"deleted": False}}}
