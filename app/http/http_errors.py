"""Refusals of requests, at whatever door, and of the sealed addresses that lead to some."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.signing.signed_urls import Addresses, Expired, Forged, Purpose, Sealed

PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""Headers of what is to be saved, and neither kept by others nor shown."""


class Refusal(Exception):
    """A request that is not answered as it wants."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def told(request: Request, refusal: Refusal) -> JSONResponse:
    """A refusal as JSON."""
    body = {"error": refusal.message, "code": refusal.code, "requestId": request.scope["request_id"]}
    return JSONResponse(body, refusal.status, {"Cache-Control": "no-store", **refusal.headers})


def opened(request: Request, addresses: Addresses, purpose: Purpose, now: datetime) -> Sealed:
    """What the address of a request says. Raises Refusal: 403 for one that was not given, 410 for one that is over."""
    key, token = request.path_params["id"], request.query_params.get("token", "")
    try:
        return addresses.open(purpose, key, token, now)
    except Forged:
        raise Refusal(403, "FORBIDDEN", "the service did not give this address, or not for this") from None
    except Expired:
        raise Refusal(410, "EXPIRED", "the address is good no longer; ask for another") from None
