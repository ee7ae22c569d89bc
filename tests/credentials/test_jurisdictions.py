"""The jurisdiction of a credential, which the type may fix."""

from typing import Any

import pytest

from tests.calls import assert_refused
from tests.credentials import actions
from tests.credentials.actions import mutation_payload
from tests.service import Tenant, credential_input

PATH = ("INVALID", "issuing.jurisdiction")
SHOWN = "credential { id issuing { jurisdiction } }"


def issuing(jurisdiction: str | None) -> dict[str, Any]:
    return {"issuing": {"jurisdiction": jurisdiction}}


@pytest.mark.parametrize("jurisdiction", ["VIC", "AU", "NS", "NSW VIC"])
async def test_a_jurisdiction_that_contradicts_the_type_is_refused(tenant: Tenant, jurisdiction: str) -> None:
    worker = await tenant.add_worker()
    input = {**credential_input(worker), **issuing(jurisdiction)}
    [error] = await assert_refused(tenant, "credentialCreate", PATH, **input)
    assert error["message"] == "issuing.jurisdiction: WWCC_NSW has the jurisdiction NSW"
    key = await tenant.add_credential(worker)
    await assert_refused(tenant, "credentialUpdate", PATH, id=key, **issuing(jurisdiction))
    replacement = {name: input[name] for name in ("identification", "verification")}
    await assert_refused(tenant, "credentialReplace", PATH, id=key, **replacement, **issuing(jurisdiction))
    before = await tenant.rows()
    rows = [{"id": key, **issuing(jurisdiction)}]
    payload = await tenant.mutate("credentialsUpdate", "results { errors { code path } }", updates=rows)
    refused = {"code": "INVALID", "path": ["updates", "0", "issuing", "jurisdiction"]}
    assert payload["results"] == [{"errors": [refused]}]
    assert (await tenant.rows())["credentials"] == before["credentials"]


@pytest.mark.parametrize("jurisdiction", ["NSW", "nsw", " Nsw "])
async def test_the_types_own_jurisdiction_is_kept_in_its_spelling(tenant: Tenant, jurisdiction: str) -> None:
    input = {**credential_input(await tenant.add_worker()), **issuing(jurisdiction)}
    shown = (await mutation_payload(tenant, "credentialCreate", SHOWN, **input))["credential"]
    assert shown["issuing"]["jurisdiction"] == "NSW"


async def test_a_type_without_a_jurisdiction_takes_any(tenant: Tenant) -> None:
    await actions.add_type(tenant)
    key = await actions.add_ticket(tenant, await tenant.add_worker(), **issuing("VIC"))
    shown = await mutation_payload(tenant, "credentialUpdate", SHOWN, id=key, **issuing("Nauru"))
    assert shown["credential"]["issuing"]["jurisdiction"] == "Nauru"
