"""The host by which a client says it reached the service. It is believed if a setting allows it."""

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class AllowedHosts:
    """Middleware that replaces a Host header that is not allowed by the server's own address.

    Links and redirects begin with the host of the request. Callers could otherwise make the service sign links to a
    host of their choice, for others to follow out of a cache or a message.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        """Set the allowed hosts. One without a port allows every port."""
        self._app = app
        self._hosts = frozenset(host.lower().encode() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with an allowed host."""
        if scope["type"] != "lifespan":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if hosts and not (len(hosts) == 1 and self._allows(hosts[0])):
                others = [header for header in scope["headers"] if header[0] != b"host"]
                scope["headers"] = [*_own_host(scope), *others]
        await self._app(scope, receive, send)

    def _allows(self, host: bytes) -> bool:
        match = _HOST.fullmatch(host.lower())
        return match is not None and (match[0] in self._hosts or match[1] in self._hosts)


def _own_host(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the Host header for the address that the server listens on; none for a Unix socket."""
    name, port = scope.get("server") or (None, None)
    if not name:
        return []
    host = f"[{name}]" if ":" in name else name
    return [(b"host", (host if port in (None, DEFAULT_PORTS[scope["scheme"]]) else f"{host}:{port}").encode())]
