"""HTML and SVG as values. Text is escaped unless it is markup already, so nothing that
users wrote can become code.
"""

from __future__ import annotations

from html import escape

VOID = frozenset(
    {"br", "circle", "col", "line", "meta", "path", "polyline", "rect", "polygon"}
)


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """``<name attributes>children</name>``; None is left out, and ``class_``,
    ``stroke_width`` lose underscores.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID and not children:
        return Markup(
            f"<{name}{given}>" if name in ("br", "col", "meta") else f"<{name}{given}/>"
        )
    return Markup(f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """The children one after another, text escaped."""
    return Markup(
        "".join(
            c if isinstance(c, Markup) else escape(c) for c in children if c is not None
        )
    )


def table(
    head: list[str],
    rows: list[list[Child]],
    numeric: set[int] | frozenset[int] = frozenset(),
) -> Markup:
    """A table in a box of its own that scrolls where the page is narrow; columns of
    numbers are set right.
    """

    def cell(name: str, place: int, child: Child) -> Markup:
        return tag(
            name,
            child,
            class_="num" if place in numeric else None,
            scope="col" if name == "th" else None,
        )

    top = tag("tr", *(cell("th", place, title) for place, title in enumerate(head)))
    body = [
        tag("tr", *(cell("td", place, child) for place, child in enumerate(row)))
        for row in rows
    ]
    return tag(
        "div",
        tag("table", tag("thead", top), tag("tbody", *body)),
        class_="wide",
        tabindex=0,
    )


def facts(*pairs: tuple[str, Child]) -> Markup:
    """Names with what belongs to them; what is empty is left out."""
    filled = [(name, value) for name, value in pairs if value]
    return tag(
        "dl",
        *(tag("div", tag("dt", name), tag("dd", value)) for name, value in filled),
        class_="facts",
    )


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
