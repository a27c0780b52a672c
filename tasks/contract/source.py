"""What identifies a function in a run's key: where it is from, and its source."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import textwrap
from typing import Any

from tasks.contract.errors import UserError


def describe_callable(given: Any) -> dict[str, Any]:
    """A function or class as plain values that change when its source does.

    ``functools.partial`` is described by its function and its arguments. Raises
    UserError if there is no source, as for functions typed into a console.
    """
    if isinstance(given, functools.partial):
        return {
            "partial": describe_callable(given.func),
            "arguments": [repr(value) for value in given.args],
            "keywords": {
                name: repr(value) for name, value in given.keywords.items()
            },
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
        "source": hashlib.sha256(_without_comments(text).encode()).hexdigest(),
    }
    # an object that can be called: what it holds counts, too
    if named is not given:
        described["values"] = repr(given)
    return described


def _without_comments(text: str) -> str:
    """The syntax tree of a definition, without its docstrings; the text itself where it
    is a piece of an expression, as a lambda's is.
    """
    try:
        tree = ast.parse(textwrap.dedent(text))
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
    # Without line numbers, so that a function may move within its file.
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
