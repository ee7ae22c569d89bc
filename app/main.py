"""The composition of the service: the only module that knows all of its parts."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from app import reactions
from app.attachments.file_service import FileService
from app.attachments.storage import S3Service, Storage
from app.core import clock, private_files
from app.core.clock import Clock
from app.db.database import Database
from app.graph.execution.runner import Runner
from app.http.allowed_hosts import AllowedHosts
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
from app.signing.jws import JwsSigner
from app.signing.sealed_tokens import Signer
from app.signing.signed_urls import SignedUrls

MAX_PREFLIGHT_SECONDS = 600  # seconds for which a browser may cache the answer to a preflight request
GRAPHQL_PATH = "/graphql"
SECRET_BYTES = 48  # random bytes of a generated secret; the signature needs 32


def open_database(settings: Settings, now: Clock = clock.system) -> Database:
    """Return the database of an installation, with the reactions to events that run before each commit."""
    return Database(
        settings.database(),
        now,
        connections=settings.database_connections,
        synchronous=settings.sqlite_synchronous,
        before_commit=reactions.react,
    )


def open_storage(settings: Settings) -> Storage:
    """Return the file store of an installation. Raises ValueError."""
    service = S3Service(settings.s3_endpoint, settings.s3_region, settings.s3_access_key, settings.s3_secret_key)
    return Storage(settings.file_store(), service, is_own=not settings.files)


def open_files(settings: Settings, signer: Signer) -> FileService:
    """Return the file service of an installation. Raises ValueError."""
    signed_urls = SignedUrls(signer, timedelta(minutes=settings.file_minutes), settings.public_url)
    return FileService(open_storage(settings), signed_urls, settings.file_bytes)


def open_signer(settings: Settings) -> Signer:
    """Return the signer of an installation, with a generated secret if none is configured. Raises ValueError."""
    if settings.secret:
        return Signer(settings.secret)
    private_files.create(settings.secret_file(), secrets.token_urlsafe(SECRET_BYTES).encode())
    return Signer(settings.secret_file().read_text())


def open_jws_signer(settings: Settings) -> JwsSigner:
    """Return the signer of an installation, with a generated key if none is configured. Raises ValueError."""
    if settings.signing_key is None:
        jws.create_key(settings.signing_key_file())
    return jws.load_signer(settings.signing_key_file(), settings.former_keys)


def create_app(settings: Settings, database: Database | None = None) -> Starlette:
    """Return the service as an ASGI application, which closes the database when it stops."""
    database = database or open_database(settings)
    sources = RegistrySet(settings.registries)
    signer = open_signer(settings)
    files, jws_signer = open_files(settings, signer), open_jws_signer(settings)
    runner = Runner(database, signer, sources, files, settings.max)
    endpoint = GraphQLEndpoint(
        runner,
        Authentication(database, TokenAuthentication(settings) if settings.jwt_issuer else None, settings.key_seconds),
        settings.body_bytes,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # An embedded database has only this process, so its jobs run here; others have `python -m app jobs`.
        async with jobs.in_background(database, sources, files.storage) if database.is_embedded else nullcontext():
            yield
        await sources.close()
        await database.close()

    async def home(_request: Request) -> RedirectResponse:
        return RedirectResponse("graphql")

    service = Starlette(
        routes=[
            Route("/", home),
            Route(GRAPHQL_PATH, endpoint, methods=["GET", "POST"]),
            Route("/health", HealthEndpoint(database).__call__),
            Route("/registries/{name}/push", RegistryPushEndpoint(database, sources).__call__, methods=["POST"]),
            Route("/files/{id}", FileEndpoint(database, files).__call__, methods=["GET", "PUT"]),
            Route("/evidence/{id}", EvidenceEndpoint(database, files, jws_signer, settings.public_url).__call__),
            Route(PUBLIC_KEYS_PATH, PublicKeysEndpoint(jws_signer).__call__),
            explorer.assets,
        ],
        lifespan=lifespan,
    )
    service.state.plans = runner.plans
    service.add_middleware(RouteShortcut, path=GRAPHQL_PATH, endpoint=endpoint)
    if settings.allowed_origins:
        service.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id"],
            expose_headers=["X-Request-Id"],
            max_age=MAX_PREFLIGHT_SECONDS,
        )
    service.add_middleware(AllowedHosts, hosts=settings.allowed_hosts)
    service.add_middleware(RequestLog)
    return service
