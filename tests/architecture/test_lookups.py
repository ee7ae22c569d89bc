"""Lookups by an id of another kind, by a malformed id, and by the id of nothing: all answer null."""

import pytest

from tests.architecture.shapes import FieldEntry, roots
from tests.calls import UNKNOWN_ID
from tests.service import Tenant

BY_ID = [entry for entry in roots("Query") if entry.field.args and entry.field.args.keys() <= {"id", "by"}]


@pytest.mark.parametrize("entry", BY_ID, ids=str)
async def test_a_lookup_by_any_other_id_finds_nothing(shared_tenant: Tenant, entry: FieldEntry) -> None:
    ids = [f"{prefix}_{UNKNOWN_ID}" for prefix in ("wkr", "app", "cred", "zzz")]
    ids += ["", "wkr_", "nonsense", "é", "💥"]
    if entry.name not in ("node", "worker"):
        ids.append(await shared_tenant.add_worker())
    for key in ids:
        argument = "id: $id" if "id" in entry.field.args else "by: {id: $id}"
        text = f"query ($id: ID!) {{ {entry.name}({argument}) {{ __typename }} }}"
        assert (await shared_tenant.execute(text, {"id": key})).data == {entry.name: None}, key
