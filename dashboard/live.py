"""Incremental updates of a page.

Sending the whole page closes its menus and details, forgets zoom and sorting, and takes
the keyboard's focus away. So parts of a page have ids by their place, and only the
properties that differ are sent, each for the component with that id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dash._utils import to_json
from dash.development.base_component import Component

# a component's id, and its properties that differ
Change = tuple[Any, dict[str, Any]]
# elements of HTML that are given ids; what changes within others is sent with these
PLACED = frozenset(
    [
        "Article",
        "Details",
        "Div",
        "Dl",
        "Li",
        "Nav",
        "Ol",
        "P",
        "Section",
        "Span",
        "Table",
        "Ul",
    ]
)


def give_places(node: Any, place: str) -> None:
    """Give ids to the components of a page that have none, by their position in it."""
    # Ids tell places, not contents, so that an element keeps its id while what
    # it shows changes. An element with an id of its own keeps that one.
    children = node
    if isinstance(node, Component):
        if _is_html(node) and type(node).__name__ in PLACED and not _id(node):
            node.id = place  # type: ignore[attr-defined]  # as every element has
        children = _children(node)
    for number, child in enumerate(_as_list(children)):
        if isinstance(child, Component):
            give_places(child, f"{place}-{number}")


def changes(old: Component, new: Component) -> list[Change] | None:
    """The difference between two pages with ids. None if that takes the whole page: a
    component with callbacks was added or removed.
    """
    return _changes(old, new)


def _changes(old: Any, new: Any) -> list[Change] | None:
    if not isinstance(old, Component) or not isinstance(new, Component):
        return [] if old == new else None
    # Dash can set properties of a component, but not turn it into another one.
    if type(old) is not type(new) or _id(old) != _id(new):
        return None
    own = _properties(old, new)
    within = _within(_children(old), _children(new))
    # Plain HTML that has come or gone is sent as the children of the nearest
    # element around it. Components with callbacks work only in a page that
    # Dash mounts whole.
    if within is None and not _has_callbacks(_children(new)):
        own, within = {**own, "children": _children(new)}, []
    # Without an id the change cannot be addressed: the caller, one element
    # further out, tries to send it with its own children.
    if within is None or (own and not _id(new)):
        return None
    return [(_id(new), own), *within] if own else within


def _within(old: Any, new: Any) -> list[Change] | None:
    """The same for children: those at the same place are compared."""
    before, after = _as_list(old), _as_list(new)
    if len(before) != len(after):
        return None
    found: list[Change] = []
    for one, other in zip(before, after, strict=True):
        changed = _changes(one, other)
        if changed is None:
            return None
        found += changed
    return found


def _properties(old: Component, new: Component) -> dict[str, Any]:
    """The properties, but children, that differ; None for one that is gone."""
    before, after = _plain(old), _plain(new)
    names = before.keys() | after.keys()
    return {
        name: after.get(name)
        for name in sorted(names)
        if not _equal(before.get(name), after.get(name))
    }


def _plain(node: Component) -> dict[str, Any]:
    properties = node.to_plotly_json()["props"]
    return {
        name: value for name, value in properties.items() if name != "children"
    }


def _equal(one: Any, other: Any) -> bool:
    # Most properties are plain values, for which writing JSON would dominate
    # the comparison. Others are compared as the browser would see them: arrays
    # have no single truth value, and a tuple is the same as a list.
    if isinstance(one, (str, int, float, bool, type(None))):
        return bool(one == other)
    return bool(to_json(one) == to_json(other))


def _has_callbacks(node: Any) -> bool:
    """Whether any component within has to be registered with Dash: it sends that with a
    whole page only.
    """
    return any(
        not _is_html(part) or isinstance(_id(part), dict)
        for part in _all(node)
    )


def _all(node: Any) -> Iterator[Component]:
    for part in _as_list(node):
        if isinstance(part, Component):
            yield part
            yield from _all(_children(part))


def _is_html(node: Component) -> bool:
    return bool(node._namespace == "dash_html_components")


def _id(node: Component) -> Any:
    return getattr(node, "id", None)


def _children(node: Component) -> Any:
    return getattr(node, "children", None)


def _as_list(node: Any) -> Sequence[Any]:
    return node if isinstance(node, (list, tuple)) else [node]
