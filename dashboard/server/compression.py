"""Compression: scripts of components never change while the server runs, so each is
compressed once, not per browser.

Without this plotly's 5 MB cost 50 ms of CPU (zstd) to 280 ms (Brotli) each time that a
browser asks whether its copy is still good.
"""

from __future__ import annotations

import threading

import flask

SCRIPTS = "/_dash-component-suites/"
# bytes kept: ten times what there is, for a script answers to any version in its
# address
MOST = 30_000_000


class Compressed:
    """What Flask-Compress asks before it compresses, under ``<algorithm>;<key_of>``;
    keeps what has a key. Requests are answered in threads, so several may ask at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """The compressed bytes kept under the key, or None."""
        return self._held.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Keep the bytes, unless the key ends in ";" or there is no room left."""
        # `key_of` gave "": a response that is another each time.
        if key.endswith(";"):
            return
        with self._lock:
            # Under the lock, because another thread may add a script while
            # this one sums. What came first stays: versions that somebody
            # invents cannot displace it.
            if sum(map(len, self._held.values())) < MOST:
                self._held[key] = value


def key_of(request: flask.Request) -> str:
    """The path of a script of components; "" for everything else, which is another each
    time.
    """
    return request.path if request.path.startswith(SCRIPTS) else ""


def compressing(server: flask.Flask) -> flask.Flask:
    """The server, set so that Dash's compression keeps scripts."""
    server.config.update(
        COMPRESS_CACHE_BACKEND=Compressed, COMPRESS_CACHE_KEY=key_of
    )
    return server
