"""Who may look, and what a browser may do with what it gets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import flask

from tasks import UserError

ENVIRONMENT = "BAKEOFF_DASHBOARD_AUTH"
OPEN = ("/healthz",)  # answers without a password: load balancers ask it
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>(.*?)</script>",
    re.DOTALL,
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
NOT_SERVED = (
    "The dashboard is shown by this machine's own name alone, unless it asks for a "
    f"password. Behind a proxy, such as Jupyter's, set {ENVIRONMENT}=user:password "
    "before `bakeoff dashboard`."
)
# for files of the record: nothing in them may run or load anything
SEALED = "default-src 'none'; sandbox"


def is_local(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def read_auth(
    environment: Mapping[str, str], host: str
) -> tuple[str, str] | None:
    """User and password from the environment. UserError if the address is not local and
    there are none.
    """
    given = environment.get(ENVIRONMENT, "")
    user, colon, password = given.partition(":")
    if given and not (colon and user and password):
        raise UserError(
            f"{ENVIRONMENT} must be user:password; what is set has no "
            f"{'password' if colon else 'colon'}."
        )
    # Everything recorded is on these pages, the end of the log included.
    if not given and not is_local(host):
        raise UserError(
            f"The dashboard would be open to everyone who reaches {host}: "
            f"set {ENVIRONMENT}=user:password first, or leave --host out to show it "
            "on this machine only."
        )
    return (user, password) if given else None


def secure(server: flask.Flask, auth: tuple[str, str] | None) -> None:
    """Ask for the password where there is one, refuse foreign names of this machine,
    and add security headers.
    """

    @server.before_request
    def admit() -> flask.Response | None:
        if flask.request.path in OPEN:
            return None
        # Without a password only this machine may ask, and only by its own
        # name. A page elsewhere could otherwise point a name of its own at
        # 127.0.0.1 and read the answers (DNS rebinding).
        if auth is None:
            return (
                None
                if is_local(_host(flask.request.host))
                else _refused(403, NOT_SERVED)
            )
        return (
            None
            if _knows(auth)
            else _refused(401, "User and password, please.")
        )

    @server.after_request
    def harden(response: flask.Response) -> flask.Response:
        if response.is_streamed and hasattr(response.response, "close"):
            # compression takes a file's place and leaves it open
            response.call_on_close(response.response.close)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if "Content-Security-Policy" not in response.headers:
            # The policy lists the hashes of a page's inline scripts, so it has
            # to be read.
            page = (
                response.get_data(as_text=True) if _is_page(response) else ""
            )
            response.headers["Content-Security-Policy"] = policy(page)
        return response


def policy(page: str) -> str:
    """A content security policy for that page: our own files, and the inline scripts
    that it has, by their hash.
    """
    hashes = sorted(
        {f"'sha256-{_hash(script)}'" for script in INLINE_SCRIPT.findall(page)}
    )
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *hashes]),
            "style-src 'self' 'unsafe-inline'",  # plotly and Mantine write styles
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def safe_link(address: Any) -> str | None:
    """The address, if following it can only open a page: http or https."""
    text = str(address or "").strip()
    return (
        text
        if urlsplit(text).scheme in ("http", "https") and urlsplit(text).netloc
        else None
    )


def _host(given: str) -> str:
    return (urlsplit(f"//{given}").hostname or "") if given else ""


def _knows(auth: tuple[str, str]) -> bool:
    given = flask.request.authorization
    if given is None or given.type != "basic":
        return False
    pairs = zip(
        (given.username or "", given.password or ""), auth, strict=True
    )
    # Takes as long for a wrong character as for a right one, and compares the
    # password whether or not the user is right: hence a list.
    same = [
        hmac.compare_digest(mine.encode(), theirs.encode())
        for mine, theirs in pairs
    ]
    return all(same)


def _refused(status: int, says: str) -> flask.Response:
    response = flask.Response(says + "\n", status, mimetype="text/plain")
    if status == 401:
        response.headers["WWW-Authenticate"] = (
            'Basic realm="Bakeoff", charset="UTF-8"'
        )
    return response


def _is_page(response: flask.Response) -> bool:
    # Only a response that is complete and uncompressed can be read as text.
    plain = (
        not response.is_streamed
        and not response.direct_passthrough
        and not response.content_encoding
    )
    return response.mimetype == "text/html" and plain


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
