"""Where registries report changes: signed as Standard Webhooks has it."""

import hashlib
from datetime import date
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from app.credentials.verification import registry_push
from app.credentials.verification.registry_push import Told
from app.db.database import Database
from app.registries.registry_set import Sources

LARGEST_BODY = 64_000
Text = Annotated[str, Field(min_length=1, pattern=r"\A[^\x00]*\z")]
"""No column holds NUL."""


class Reported(BaseModel):
    """What a registry reports."""

    model_config = ConfigDict(extra="ignore")

    reference_number: Text = Field(alias="referenceNumber", max_length=100)
    status: Text = Field(max_length=200)
    expiry_date: date | None = Field(default=None, alias="expiryDate")


class Push:
    """Answers `POST /registries/{name}/push`: 202 when taken, 401 unless signed, 404 where none may push."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._sources = sources

    async def __call__(self, request: Request) -> JSONResponse:
        """Answer one request."""
        source = self._sources.pushing(request.path_params["name"])
        if source is None or source.push_secret is None:
            return JSONResponse({"error": "no registry of this name may push"}, 404)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                return JSONResponse({"error": "the body is too large"}, 413)
        try:
            Webhook(source.push_secret).verify(bytes(body), dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):  # the latter where the signature is not even base64
            return JSONResponse({"error": "the signature is not valid"}, 401)
        try:
            told = Reported.model_validate(orjson.loads(bytes(body)))
        except (ValidationError, orjson.JSONDecodeError):
            return JSONResponse({"error": "send referenceNumber, status and, if known, expiryDate"}, 400)
        async with self._database.reading() as session:
            named = await registry_push.named_in_all_organizations(session, source, told.reference_number)
        # The id's own form is the registry's; a digest of it fits wherever a key does.
        message_id = hashlib.sha256(request.headers["webhook-id"].encode()).hexdigest()
        message = Told(message_id, told.status, told.expiry_date)
        for organization_id, credential_id in named:
            async with self._database.writing(request.scope["request_id"]) as session:
                await registry_push.take(session, source, organization_id, credential_id, message)
        return JSONResponse({"taken": len(named)}, 202)
