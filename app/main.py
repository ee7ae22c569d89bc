"""The service put together: the only place where everything meets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import fields
from datetime import timedelta

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from app import reactions
from app.attachments.file_service import FileService
from app.attachments.storage import S3Service, Storage
from app.core import clock
from app.core.clock import Clock
from app.db.database import Database
from app.graph.execution.limits import Limits
from app.graph.execution.runner import Runner
from app.http.authentication import Authentication
from app.http.evidence import PUBLIC_KEYS_PATH, EvidenceEndpoint, PublicKeysEndpoint
from app.http.explorer import page as explorer
from app.http.files import FileEndpoint
from app.http.graphql import GraphQLEndpoint
from app.http.health import HealthEndpoint
from app.http.registry_push import RegistryPushEndpoint
from app.http.request_log import RequestLog
from app.http.route_shortcut import RouteShortcut
from app.http.tokens import TokenAuthentication
from app.jobs import loop as jobs
from app.registries.registry_set import RegistrySet
from app.settings import Settings
from app.signing import jws
from app.signing.jws import Signature
from app.signing.sealed_tokens import Signer
from app.signing.signed_urls import Addresses

LONGEST_PREFLIGHT_SECONDS = 600
GRAPHQL = "/graphql"


def open_database(settings: Settings, now: Clock = clock.system) -> Database:
    """The database of an installation, in which what follows from a change is done with it."""
    database = Database(settings.database(), now, connections=settings.database_connections)
    database.before_commit = reactions.follow
    return database


def open_storage(settings: Settings) -> Storage:
    """Where the files of an installation lie. Raises ValueError."""
    service = S3Service(settings.s3_endpoint, settings.s3_region, settings.s3_access_key, settings.s3_secret_key)
    return Storage(settings.file_place(), service)


def open_files(settings: Settings, signer: Signer) -> FileService:
    """The files of an installation. Raises ValueError."""
    addresses = Addresses(signer, timedelta(minutes=settings.file_minutes), settings.public_url)
    return FileService(open_storage(settings), addresses, settings.file_bytes)


def open_signature(settings: Settings) -> Signature:
    """What an installation signs with; a key is made and kept where none is set. Raises ValueError."""
    if settings.signing_key is None:
        jws.make(settings.signing_key_file())
    return jws.load(settings.signing_key_file(), settings.former_keys)


def create_app(settings: Settings, database: Database | None = None) -> Starlette:
    """The service as an ASGI application; it closes the database when it stops."""
    database = database or open_database(settings)
    database.before_commit = reactions.follow
    sources = RegistrySet(settings.registries)
    limits = Limits(**{limit.name: getattr(settings, f"max_{limit.name}") for limit in fields(Limits)})
    signer = Signer(settings.signing_secret())
    files, signature = open_files(settings, signer), open_signature(settings)
    runner = Runner(database, signer, sources, files, limits)
    endpoint = GraphQLEndpoint(
        runner,
        Authentication(database, TokenAuthentication(settings) if settings.jwt_issuer else None, settings.key_seconds),
        settings.body_bytes,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # An embedded database has one process, and so its jobs run here; others have `python -m app jobs`.
        async with jobs.in_background(database, sources, files.storage) if database.is_embedded else nullcontext():
            yield
        await sources.close()
        await database.close()

    async def home(_request: Request) -> RedirectResponse:
        return RedirectResponse("graphql")

    service = Starlette(
        routes=[
            Route("/", home),
            Route(GRAPHQL, endpoint, methods=["GET", "POST"]),
            Route("/health", HealthEndpoint(database).__call__),
            Route("/registries/{name}/push", RegistryPushEndpoint(database, sources).__call__, methods=["POST"]),
            Route("/files/{id}", FileEndpoint(database, files).__call__, methods=["GET", "PUT"]),
            Route("/evidence/{id}", EvidenceEndpoint(database, files, signature, settings.public_url).__call__),
            Route(PUBLIC_KEYS_PATH, PublicKeysEndpoint(signature).__call__),
            explorer.assets,
        ],
        lifespan=lifespan,
    )
    service.state.plans = runner.plans
    service.add_middleware(RouteShortcut, path=GRAPHQL, endpoint=endpoint)
    if settings.allowed_origins:
        service.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["X-Request-Id"],
            max_age=LONGEST_PREFLIGHT_SECONDS,
        )
    service.add_middleware(RequestLog)
    return service
