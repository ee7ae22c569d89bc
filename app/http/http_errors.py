"""Errors that endpoints answer with a status and a JSON body, and the check of signed URLs."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse

from app.signing.signed_urls import ExpiredUrl, ForgedUrl, Purpose, SignedUrls, UrlPayload

DOWNLOAD_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""Headers of downloads: caches must not store them, and browsers must not render them."""


class HTTPError(Exception):
    """A request that is answered with an error status, a code and a message."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def error_response(request: Request, error: HTTPError) -> JSONResponse:
    """Return an error as a JSON response with its code and the request's id."""
    body = {"error": error.message, "code": error.code, "requestId": request.scope["request_id"]}
    return JSONResponse(body, error.status, {"Cache-Control": "no-store", **error.headers})


def storage_unavailable() -> HTTPError:
    """Return the error for a file store that cannot be reached."""
    return HTTPError(503, "UNAVAILABLE", "the file store cannot be reached; try again later")


def open_signed_url(request: Request, addresses: SignedUrls, purpose: Purpose, now: datetime) -> UrlPayload:
    """Return the content of a request's signed URL.

    Raises HTTPError: 403 for a URL that the service did not issue for the purpose, 410 for an expired one.
    """
    key, token = request.path_params["id"], request.query_params.get("token", "")
    try:
        return addresses.verify(purpose, key, token, now)
    except ForgedUrl:
        raise HTTPError(403, "FORBIDDEN", "the service did not issue this URL for this purpose") from None
    except ExpiredUrl:
        raise HTTPError(410, "EXPIRED", "this URL has expired; request a new one") from None
