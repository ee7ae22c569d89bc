"""A shortcut past the router for the path that most requests go to."""

from starlette.types import ASGIApp, Receive, Scope, Send


class RouteShortcut:
    """Middleware that passes GET and POST requests of one path straight to its endpoint.

    All other requests go through the router.
    """

    def __init__(self, app: ASGIApp, path: str, endpoint: ASGIApp) -> None:
        self._app, self._path, self._endpoint = app, path, endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        matches = scope["type"] == "http" and scope["path"] == self._path and scope["method"] in ("GET", "POST")
        await (self._endpoint if matches else self._app)(scope, receive, send)
