"""What identifies a function in a run's key: where it is from, and its source."""

from __future__ import annotations

import functools
import hashlib
import inspect
from typing import Any

from tasks.contract.errors import UserError


def describe_callable(given: Any) -> dict[str, Any]:
    """A function or class as plain values that change when its source does.

    ``functools.partial`` is described by its function and its arguments. Raises
    UserError where there is no source, as for functions typed into a console.
    """
    if isinstance(given, functools.partial):
        return {
            "partial": describe_callable(given.func),
            "arguments": [repr(value) for value in given.args],
            "keywords": {name: repr(value) for name, value in given.keywords.items()},
        }
    named = given if hasattr(given, "__qualname__") else type(given)
    try:
        text = inspect.getsource(named)
    except (OSError, TypeError) as error:
        raise UserError(
            f"{given!r} has no source to tell one version from another ({error}): "
            "define it in a file."
        ) from error
    described = {
        "name": f"{named.__module__}.{named.__qualname__}",
        "source": hashlib.sha256(text.encode()).hexdigest(),
    }
    if named is not given:  # an object that can be called: what it holds counts, too
        described["values"] = repr(given)
    return described
