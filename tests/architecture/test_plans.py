"""Plans and graphql-core give equal responses to random operations: data, errors, paths, and their order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from app.access import ALL_SCOPES, Actor, ActorKind, ReviewPolicy, Role, Scope, scopes_of
from app.credential_types.tables import CredentialType
from app.db.database import Database
from app.events.tables import Event
from app.graph.execution.runner import PreparedOperation, Runner
from app.organizations.tables import ApiKey
from app.registries.registry_set import RegistrySet
from app.settings import Limits
from app.signing.sealed_tokens import Signer
from tests import files
from tests.architecture.operations import GeneratedOperation, OperationGenerator, ValuePool
from tests.architecture.shapes import roots
from tests.architecture.worlds import WORLD_TYPES, World, populate
from tests.conftest import SECRET, SettableClock
from tests.service import Service, Tenant

SEED = 20_260_314
MUTATIONS = 80  # generated for each database
MIN_PLANNED = 0.97  # the share of operations that plans have to execute

UNREPEATABLE = {"apiKeyCreate", "apiKeyRotate", "credentialVerify"}
"""Mutations whose response differs when they are repeated with the same idempotency key."""


@dataclass
class Comparison:
    """Compares the responses of plans and of graphql-core."""

    runner: Runner
    compared: int = 0
    with_errors: int = 0
    """The number of compared responses that hold errors."""

    def prepare(self, generated: GeneratedOperation, variables: dict[str, Any]) -> PreparedOperation:
        """Return an operation, ready to run."""
        return self.runner.prepare(generated.text, variables, None, "req_compared")

    async def compare(self, generated: GeneratedOperation, variables: dict[str, Any], actor: Actor) -> Any:
        """Run an operation both ways; return the response."""
        operation = self.prepare(generated, variables)
        planned, ran = await self.runner.run(operation, actor)
        expected, expected_ran = await self.runner.run_without_plan(operation, actor)
        body = json.loads(planned)
        # Compared as text, because the equality of dicts ignores the order of members.
        text, expected_text = json.dumps(body), json.dumps(json.loads(expected))
        if (text, ran) != (expected_text, expected_ran):
            details = [generated.text, json.dumps(variables), str(actor), text, expected_text]
            pytest.fail("\n".join(details), pytrace=False)
        self.compared += 1
        self.with_errors += "errors" in body
        return body


@pytest.fixture
def comparison(database: Database, clock: SettableClock) -> Comparison:
    """A comparison without limits on operations, at one instant."""
    clock.set(clock())
    unlimited = Limits(**dict.fromkeys(Limits.__dataclass_fields__, 10**9))
    return Comparison(Runner(database, Signer(SECRET), RegistrySet(None), files.unconfigured_files(), unlimited))


def random_actors(world: World, random: Random) -> Iterator[Actor]:
    """Yield actors with all scopes, with some scopes, restricted to a unit, as a worker, and for contractors."""
    owner = replace(world.tenant.actor, kind=ActorKind.SERVICE, id="key_compared")
    worker, unit = world.first("worker live").id, world.first("org unit live").id
    while True:
        scopes = frozenset(random.sample(sorted(ALL_SCOPES), random.randint(0, len(ALL_SCOPES))))
        yield random.choice(
            [
                owner,
                owner,
                replace(owner, scopes=scopes),
                replace(owner, scopes=scopes, org_unit_id=unit),
                replace(owner, org_unit_id=unit),
                replace(owner, scopes=scopes_of((Role.WORKER,)), kind=ActorKind.PERSON, worker_id=worker),
                replace(owner, scopes=frozenset({*scopes, Scope.SELF_CREDENTIALS}), worker_id=worker),
                replace(
                    owner,
                    scopes=frozenset({Scope.CONTRACTORS_MANAGE, *scopes}),
                    review_policy=ReviewPolicy(decisions_are_final=True),
                ),
            ]
        )


def value_pool(world: World, other_world: World) -> ValuePool:
    """Return ids and texts of the callers' rows, of another organization's rows, and of no row."""
    rows = [*world.rows * 2, *world.one_per_label() * 4, *other_world.one_per_label()]
    ids = [row.id for row in rows if row.id] + ["wkr_0000000000000000", "zzz_0000000000000000", "", "no id"]
    texts = [text for row in rows for text in row.texts.values()] + ["zq", "zqhome", "a%_b", "é", " "]
    return ValuePool(ids, texts, [])


def cursors(value: Any) -> Iterator[str]:
    """Yield the cursors in a response: the only long texts without a space or an @."""
    if isinstance(value, dict):
        for item in value.values():
            yield from cursors(item)
    elif isinstance(value, list):
        for item in value:
            yield from cursors(item)
    elif isinstance(value, str) and len(value) > 40 and " " not in value and "@" not in value:
        yield value


def operation_counts(database: Database) -> tuple[int, int]:
    """Return the number of operations to generate for a database, and how often each of them runs.

    The seed depends on the first, so that the databases get different operations.
    """
    return (120, 5) if database.is_embedded else (100, 2)


async def test_plans_and_graphql_core_agree_on_queries(
    comparison: Comparison, database: Database, world: World, other_world: World
) -> None:
    documents, runs = operation_counts(database)
    random, values = Random(SEED + documents), value_pool(world, other_world)
    actors = random_actors(world, random)
    plans = comparison.runner.plans
    while comparison.compared < documents * runs:
        generated = OperationGenerator(random, values).query()
        if comparison.prepare(generated, {}).refusal:
            continue  # invalid: two fields of one response name differ
        for _ in range(runs):
            response = await comparison.compare(generated, generated.choose_variables(random), next(actors))
            values.cursors.extend(cursors(response.get("data")))
    assert plans.executed >= MIN_PLANNED * comparison.compared, plans.fallbacks
    assert comparison.with_errors > comparison.compared / 10


FAILING_FIELDS = (
    "apiKeys(last: 9) { __typename nodes { id orgUnit { id } scopes } }",
    "apiKeys { edges { cursor node { name s: scopes } } pageInfo { hasNextPage } totalCount { count } }",
    "apiKeys { nodes { name orgUnit { name } } }",
    "apiKey(id: $key) { id scopes orgUnit { id } }",
    "activity { nodes { id subject { id } changes { path before } } }",
    "activity(first: 100) { edges { node { kind changes { path } subject { __typename } } } }",
    "node(id: $key) { id ... on ApiKey { scopes name } }",
    "nodes(ids: [$key, $event, $unit]) { id ... on ApiKey { scopes } ... on Event { changes { path } } }",
    "credentialTypes(first: 100) { nodes { code supports } }",
    "workers(search: $nothing, first: 2) { nodes { id reports(first: 1) { totalCount { count } } } }",
)
"""Fields whose values fail in some rows, or whose statements fail."""


async def test_plans_and_graphql_core_agree_on_failing_values(
    comparison: Comparison, tenant: Tenant, database: Database
) -> None:
    key, unit = f"key_{tenant.key[20:36]}", "unit_0000000000000000"
    async with database.writing("broken") as session:
        own_events = select(col(Event.id)).where(col(Event.organization_id) == tenant.id)
        event = str(await session.scalar(own_events.limit(1)))
        for table, row, broken in (
            (ApiKey, key, {"scopes": ["WORKERS_READ", "no:scope"]}),
            (Event, event, {"changes": {"name": {"to": 1}}}),
        ):
            await session.execute(update(table).where(col(table.id) == row).values(broken))
        types = update(CredentialType).where(col(CredentialType.organization_id) == tenant.id)
        await session.execute(types.where(col(CredentialType.code) == "WWCC_NSW").values(supports=["NOTHING"]))
    variables = {"key": key, "event": event, "unit": unit, "nothing": "a\0b"}
    limited = replace(tenant.actor, scopes=frozenset({Scope.KEYS_MANAGE, Scope.AUDIT_READ}))
    for first, second in product(FAILING_FIELDS, FAILING_FIELDS[:3]):
        generated = GeneratedOperation(
            _with_declarations(variables, f"{{ viewer {{ id }} first: {first} second: {second} }}"), variables, ()
        )
        assert not comparison.prepare(generated, variables).refusal
        for actor in (tenant.actor, limited):
            await comparison.compare(generated, variables, actor)
    assert comparison.with_errors > 3 * len(FAILING_FIELDS)


def _with_declarations(variables: dict[str, Any], body: str) -> str:
    """Return a query that declares the variables that it uses."""
    used = ", ".join(f"${name}: {'String' if name == 'nothing' else 'ID!'}" for name in variables if f"${name}" in body)
    return f"query {f'({used})' if used else ''} {body}"


async def test_plans_and_graphql_core_agree_on_mutations(
    comparison: Comparison, service: Service, other_world: World
) -> None:
    changed_world = await populate(await Tenant.create(service, "Changed", types=WORLD_TYPES), "changed")
    random, values = Random(SEED), value_pool(changed_world, other_world)
    names = sorted({entry.name for entry in roots("Mutation")} - UNREPEATABLE)
    owner = replace(changed_world.tenant.actor, kind=ActorKind.SERVICE, id="key_compared")
    for number in range(MUTATIONS):
        generated = OperationGenerator(random, values).mutation(random.choice(names), f"compared-{number}")
        if comparison.prepare(generated, {}).refusal:
            continue
        await comparison.compare(generated, generated.variables, owner)
    assert comparison.runner.plans.executed >= MIN_PLANNED * comparison.compared, comparison.runner.plans.fallbacks
