"""Raw HTTP requests, for cases that a GraphQL client would not send."""

import httpx

from tests.service import Tenant

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
VIEWER = "{ viewer { id } }"


async def post(tenant: Tenant, content: bytes, **headers: str) -> httpx.Response:
    """Post bytes unchanged, with the owner's key."""
    sent = {"Authorization": f"Bearer {tenant.key}", "Content-Type": JSON}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await tenant.service.client.post("/graphql", content=content, headers=sent)


async def get(tenant: Tenant, accept: str = RESPONSE, **parameters: str) -> httpx.Response:
    """Send a GET request with the owner's key."""
    headers = {"Authorization": f"Bearer {tenant.key}", "Accept": accept}
    return await tenant.service.client.get("/graphql", params=parameters, headers=headers)


def code(response: httpx.Response) -> str:
    """Return the code of a response's only error, after checking that the error has the request id."""
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return str(error["extensions"]["code"])
