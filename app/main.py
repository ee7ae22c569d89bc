"""The service put together: the only place where everything meets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import fields

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from app import reactions
from app.core import clock
from app.core.clock import Clock
from app.core.database import Database
from app.core.signing import Signer
from app.graph.execution.limits import Limits
from app.graph.execution.runner import Runner
from app.http.authentication import Authentication
from app.http.explorer import page as explorer
from app.http.graphql import GraphQL
from app.http.health import Health
from app.http.push import Push
from app.http.requests import Direct, RequestLog
from app.http.tokens import Tokens
from app.jobs import loop as jobs
from app.registries.sources import Sources
from app.settings import Settings

LONGEST_PREFLIGHT_SECONDS = 600
GRAPHQL = "/graphql"


def open_database(settings: Settings, now: Clock = clock.system) -> Database:
    """The database of an installation, in which what follows from a change is done with it."""
    database = Database(settings.database(), now, connections=settings.database_connections)
    database.follow = reactions.follow
    return database


def create_app(settings: Settings, database: Database | None = None) -> Starlette:
    """The service as an ASGI application; it closes the database when it stops."""
    database = database or open_database(settings)
    database.follow = reactions.follow
    sources = Sources(settings.registries)
    limits = Limits(**{limit.name: getattr(settings, f"max_{limit.name}") for limit in fields(Limits)})
    runner = Runner(database, Signer(settings.signing_secret()), sources, limits)
    endpoint = GraphQL(
        runner,
        Authentication(database, Tokens(settings) if settings.jwt_issuer else None, settings.key_seconds),
        settings.body_bytes,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # An embedded database has one process, and so its jobs run here; others have `python -m app jobs`.
        async with jobs.beside(database, sources) if database.embedded else nullcontext():
            yield
        await sources.close()
        await database.close()

    async def home(_request: Request) -> RedirectResponse:
        return RedirectResponse("graphql")

    service = Starlette(
        routes=[
            Route("/", home),
            Route(GRAPHQL, endpoint, methods=["GET", "POST"]),
            Route("/health", Health(database).__call__),
            Route("/registries/{name}/push", Push(database, sources).__call__, methods=["POST"]),
            explorer.assets,
        ],
        lifespan=lifespan,
    )
    service.state.plans = runner.plans
    service.add_middleware(Direct, path=GRAPHQL, endpoint=endpoint)
    if settings.allowed_origins:
        service.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["X-Request-Id"],
            max_age=LONGEST_PREFLIGHT_SECONDS,
        )
    service.add_middleware(RequestLog)
    return service
