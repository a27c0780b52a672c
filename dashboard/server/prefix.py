"""Serving under a path prefix such as ``/bakeoff/``, behind a reverse proxy.

Pages use paths without the prefix. It is added to links in responses and stripped from
the paths of requests, whether or not the proxy has stripped it already.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from dash.development.base_component import Component

from tasks import UserError

log = logging.getLogger("bakeoff.dashboard")
# Names as browsers write them: JupyterHub's have %40 where a user's name has an @.
PREFIX = re.compile(r"(/([\w.~@+-]|%[0-9A-Fa-f]{2})+)*/")
LINKS = ("href", "src")  # properties that hold a URL

Content = TypeVar("Content")
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def normalized_prefix(prefix: str) -> str:
    """The prefix with a slash at both ends: ``/bakeoff/`` for "bakeoff". Raises
    UserError if it is not a valid path.
    """
    path = f"/{prefix.strip('/')}/".replace("//", "/")
    if not PREFIX.fullmatch(path):
        raise UserError(
            f"--prefix {prefix!r} is not a path of letters, digits, '-', '_', '.', '~', '@', "
            "'+' and %40 or the like: give one like /bakeoff/."
        )
    return path


def strip_prefix(path: str, prefix: str) -> str:
    """A request path without the prefix, as pages use it."""
    # /bakeoff is the overview as much as /bakeoff/ is.
    if path == prefix.rstrip("/"):
        return "/"
    return "/" + path[len(prefix) :] if path.startswith(prefix) else path


def prefixed(content: Content, prefix: str) -> Content:
    """The same components, whose links to pages and files begin with the prefix."""
    if prefix != "/":
        for part in _parts(content):
            for name in LINKS:
                address = getattr(part, name, None)
                if isinstance(address, str) and _is_own(address, prefix):
                    setattr(part, name, prefix + address[1:])
    return content


def without_prefix(app: WsgiApp, prefix: str) -> WsgiApp:
    """WSGI middleware that strips the prefix from the paths of requests."""
    # Of a path WSGI hands over the bytes that %40 and the like stand for.
    decoded = unquote_to_bytes(prefix).decode("latin-1")

    def serve(
        environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = strip_prefix(environ.get("PATH_INFO", "/"), decoded)
        # A copy: the environment belongs to the server, which may use it
        # again.
        return app({**environ, "PATH_INFO": path}, start)

    return serve


@contextmanager
def no_dash_variables() -> Iterator[None]:
    """Without Dash's own environment variables, which could only contradict our
    options; those that are set are named in the log.
    """
    given = {name: os.environ[name] for name in os.environ if _is_dash(name)}
    for name in given:
        log.warning(
            "%s is ignored: use --prefix for a path below a proxy", name
        )
        del os.environ[name]
    try:
        yield
    finally:
        # Programs that import us keep their environment.
        os.environ.update(given)


def _parts(content: Any) -> Iterator[Component]:
    if isinstance(content, (list, tuple)):
        for part in content:
            yield from _parts(part)
    elif isinstance(content, Component):
        yield content
        yield from _parts(getattr(content, "children", None))


def _is_own(address: str, prefix: str) -> bool:
    # //host/path leads to another server.
    ours = address.startswith("/") and not address.startswith("//")
    return ours and not address.startswith(prefix)


def _is_dash(name: str) -> bool:
    return name.upper().startswith("DASH_")
