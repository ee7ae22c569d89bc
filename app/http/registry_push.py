"""Status changes pushed by registries, signed as Standard Webhooks specifies."""

import hashlib
from datetime import date
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from app.credentials.verification import registry_push
from app.credentials.verification.registry_push import PushedStatus
from app.db.database import Database
from app.registries.registry_set import RegistrySet

MAX_BODY_BYTES = 64_000
Text = Annotated[str, Field(min_length=1, pattern=r"\A[^\x00]*\z")]
"""Text without NUL, which no column can store."""


class PushBody(BaseModel):
    """The JSON body of a push."""

    model_config = ConfigDict(extra="ignore")

    reference_number: Text = Field(alias="referenceNumber", max_length=100)
    status: Text = Field(max_length=200)
    expiry_date: date | None = Field(default=None, alias="expiryDate")


class RegistryPushEndpoint:
    """Answers `POST /registries/{name}/push`.

    The status is 202 if accepted, 400 for a body of another form, 401 without a valid signature, 404 if no registry of
    the name may push, and 413 for a body that is too large.
    """

    def __init__(self, database: Database, registries: RegistrySet) -> None:
        self._database = database
        self._registries = registries

    async def __call__(self, request: Request) -> JSONResponse:
        """Answer one request."""
        registry = self._registries.find_pushing(request.path_params["name"])
        if registry is None or registry.push_secret is None:
            return JSONResponse({"error": "no registry of this name may push"}, 404)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return JSONResponse({"error": "the body is too large"}, 413)
        try:
            Webhook(registry.push_secret).verify(bytes(body), dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):  # ValueError for a signature that is not base64
            return JSONResponse({"error": "the signature is not valid"}, 401)
        try:
            push = PushBody.model_validate(orjson.loads(bytes(body)))
        except (ValidationError, orjson.JSONDecodeError):
            return JSONResponse({"error": "send referenceNumber, status and, if known, expiryDate"}, 400)
        async with self._database.reading() as session:
            credentials = await registry_push.named_in_all_organizations(session, registry, push.reference_number)
        # Registries choose the form and length of their message ids; a digest fits the key's column.
        message_id = hashlib.sha256(request.headers["webhook-id"].encode()).hexdigest()
        status = PushedStatus(message_id, push.status, push.expiry_date)
        for organization_id, credential_id in credentials:
            async with self._database.writing(request.scope["request_id"]) as session:
                await registry_push.record(session, registry, organization_id, credential_id, status)
        return JSONResponse({"taken": len(credentials)}, 202)
