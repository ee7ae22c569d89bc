"""Plans answer exactly what graphql-core would: data, errors, paths, order; shown for operations made up by chance."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from app.access import ALL_SCOPES, Actor, ActorKind, Role, Scope, scopes_of
from app.credential_types.tables import CredentialType
from app.db.database import Database
from app.events.tables import Event
from app.graph.execution.runner import PreparedOperation, Runner
from app.organizations.tables import ApiKey
from app.registries.registry_set import RegistrySet
from app.settings import Limits
from app.signing.sealed_tokens import Signer
from tests import files
from tests.architecture.operations import Made, Maker, Pool
from tests.architecture.shapes import roots
from tests.architecture.worlds import STOCKED, World, populate
from tests.conftest import SECRET, SettableClock
from tests.service import Service, Tenant

SEED = 20_260_314
CHANGES = 80
COMPILED = 0.97
"""The share of operations that plans have to answer."""

TELLS_ONCE = {"apiKeyCreate", "apiKeyRotate", "credentialVerify"}
"""Mutations that give something else when they are asked again."""


@dataclass
class Comparison:
    """Both ways to answer."""

    runner: Runner
    compared: int = 0
    failed: int = 0
    """Answers that held errors."""

    def prepare(self, made: Made, variables: dict[str, Any]) -> PreparedOperation:
        """An operation, ready to run."""
        return self.runner.prepare(made.text, variables, None, "req_compared")

    async def compare(self, made: Made, variables: dict[str, Any], actor: Actor) -> Any:
        """Answer an operation both ways; gives the answer."""
        operation = self.prepare(made, variables)
        planned, ran = await self.runner.run(operation, actor)
        expected, expected_ran = await self.runner.run_without_plan(operation, actor)
        body = json.loads(planned)
        # As text, for members have an order too, which the equality of dicts does not see.
        mine, theirs = json.dumps(body), json.dumps(json.loads(expected))
        if (mine, ran) != (theirs, expected_ran):
            pytest.fail(f"{made.text}\n{json.dumps(variables)}\n{actor}\n{mine}\n{theirs}", pytrace=False)
        self.compared += 1
        self.failed += "errors" in body
        return body


@pytest.fixture
def comparison(database: Database, clock: SettableClock) -> Comparison:
    """A runner with room for everything that chance brings, at an instant that does not pass."""
    clock.set(clock())
    room = Limits(**dict.fromkeys(Limits.__dataclass_fields__, 10**9))
    return Comparison(Runner(database, Signer(SECRET), RegistrySet(None), files.unconfigured_files(), room))


def actors(world: World, chance: Random) -> Iterator[Actor]:
    """Callers of all kinds: with everything, with some scopes, within a unit, as a worker, for contractors."""
    owner = replace(world.tenant.actor, kind=ActorKind.SERVICE, id="key_compared")
    worker, unit = world.first("worker live").id, world.first("org unit live").id
    while True:
        some = frozenset(chance.sample(sorted(ALL_SCOPES), chance.randint(0, len(ALL_SCOPES))))
        yield chance.choice(
            [
                owner,
                owner,
                replace(owner, scopes=some),
                replace(owner, scopes=some, org_unit_id=unit),
                replace(owner, org_unit_id=unit),
                replace(owner, scopes=scopes_of((Role.WORKER,)), kind=ActorKind.PERSON, worker_id=worker),
                replace(owner, scopes=frozenset({*some, Scope.SELF_CREDENTIALS}), worker_id=worker),
                replace(owner, scopes=frozenset({Scope.CONTRACTORS_MANAGE, *some}), decisions_are_final=True),
            ]
        )


def pool(home: World, abroad: World) -> Pool:
    """Ids and texts of one's own rows, of others', and of none."""
    rows = [*home.rows * 2, *home.one_of_each() * 4, *abroad.one_of_each()]
    ids = [row.id for row in rows if row.id] + ["wkr_0000000000000000", "zzz_0000000000000000", "", "no id"]
    texts = [text for row in rows for text in row.texts.values()] + ["zq", "zqhome", "a%_b", "é", " "]
    return Pool(ids, texts, [])


def cursors(value: Any) -> Iterator[str]:
    """Every cursor in an answer: they are the only long texts without a mark."""
    if isinstance(value, dict):
        for item in value.values():
            yield from cursors(item)
    elif isinstance(value, list):
        for item in value:
            yield from cursors(item)
    elif isinstance(value, str) and len(value) > 40 and " " not in value and "@" not in value:
        yield value


def amount_for(database: Database) -> tuple[int, int]:
    """How many operations to make up for a kind of database, which are others for each; and how often each is run."""
    return (120, 5) if database.is_embedded else (100, 2)


async def test_queries_are_answered_alike(
    comparison: Comparison, database: Database, world: World, other_world: World
) -> None:
    documents, runs = amount_for(database)
    chance, known = Random(SEED + documents), pool(world, other_world)
    callers = actors(world, chance)
    plans = comparison.runner.plans
    while comparison.compared < documents * runs:
        made = Maker(chance, known).query()
        if comparison.prepare(made, {}).refusal:
            continue  # chance gave one name to two things
        for _ in range(runs):
            answer = await comparison.compare(made, made.given(chance), next(callers))
            known.cursors.extend(cursors(answer.get("data")))
    assert plans.executed >= COMPILED * comparison.compared, plans.fallbacks
    assert comparison.failed > comparison.compared / 10


FAULTS = (
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
"""Fields whose values fail in some rows, or whose statements do."""


async def test_faults_are_answered_alike(comparison: Comparison, tenant: Tenant, database: Database) -> None:
    key, unit = f"key_{tenant.key[20:36]}", "unit_0000000000000000"
    async with database.writing("broken") as session:
        mine = col(Event.organization_id) == tenant.id
        event = str(await session.scalar(select(col(Event.id)).where(mine).limit(1)))
        for table, row, broken in (
            (ApiKey, key, {"scopes": ["workers:read", "no:scope"]}),
            (Event, event, {"changes": {"name": {"to": 1}}}),
        ):
            await session.execute(update(table).where(col(table.id) == row).values(broken))
        types = update(CredentialType).where(col(CredentialType.organization_id) == tenant.id)
        await session.execute(types.where(col(CredentialType.code) == "WWCC_NSW").values(supports=["NOTHING"]))
    given = {"key": key, "event": event, "unit": unit, "nothing": "a\0b"}
    limited = replace(tenant.actor, scopes=frozenset({Scope.KEYS_MANAGE, Scope.AUDIT_READ}))
    for one, other in product(FAULTS, FAULTS[:3]):
        made = Made(_declaring(given, f"{{ viewer {{ id }} one: {one} other: {other} }}"), given, ())
        assert not comparison.prepare(made, given).refusal
        for actor in (tenant.actor, limited):
            await comparison.compare(made, given, actor)
    assert comparison.failed > 3 * len(FAULTS)


def _declaring(given: dict[str, Any], body: str) -> str:
    """A query that declares the variables that it uses."""
    used = ", ".join(f"${name}: {'String' if name == 'nothing' else 'ID!'}" for name in given if f"${name}" in body)
    return f"query {f'({used})' if used else ''} {body}"


async def test_mutations_are_answered_alike(comparison: Comparison, service: Service, other_world: World) -> None:
    changed = await populate(await Tenant.create(service, "Changed", types=STOCKED), "changed")
    chance, known = Random(SEED), pool(changed, other_world)
    names = sorted({entry.name for entry in roots("Mutation")} - TELLS_ONCE)
    owner = replace(changed.tenant.actor, kind=ActorKind.SERVICE, id="key_compared")
    for number in range(CHANGES):
        made = Maker(chance, known).mutation(chance.choice(names), f"compared-{number}")
        if comparison.prepare(made, {}).refusal:
            continue
        await comparison.compare(made, made.variables, owner)
    assert comparison.runner.plans.executed >= COMPILED * comparison.compared, comparison.runner.plans.fallbacks
