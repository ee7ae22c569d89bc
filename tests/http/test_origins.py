"""CORS: only pages of the configured origins may call from a browser."""

import httpx
import pytest

from app.db.database import Database
from app.main import create_app
from app.settings import Settings
from tests.http.raw import VIEWER
from tests.service import Tenant

APP = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


def client_for(database: Database, settings: Settings, *origins: str) -> httpx.AsyncClient:
    app = create_app(settings.model_copy(update={"allowed_origins": origins}), database)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://credgraph.test")


async def test_a_page_of_a_named_origin_may_call(database: Database, settings: Settings, tenant: Tenant) -> None:
    async with client_for(database, settings, APP) as client:
        preflight = await client.options("/graphql", headers={"Origin": APP, **PREFLIGHT})
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == APP
        sent = {"Origin": APP, "Authorization": f"Bearer {tenant.key}"}
        answer = await client.post("/graphql", json={"query": VIEWER}, headers=sent)
        assert answer.json()["data"]["viewer"]
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["access-control-expose-headers"] == "X-Request-Id"


@pytest.mark.parametrize("origins", [(), (APP,)])
async def test_no_other_page_may(database: Database, settings: Settings, origins: tuple[str, ...]) -> None:
    async with client_for(database, settings, *origins) as client:
        for origin in ("https://evil.example", "null", f"{APP}.evil.example"):
            preflight = await client.options("/graphql", headers={"Origin": origin, **PREFLIGHT})
            assert preflight.status_code in (400, 405)
            assert "access-control-allow-origin" not in preflight.headers
