"""Text and elements -> HTML in which nothing that came from data can be anything but text."""

from html import escape


class Html(str):
    """Markup that is safe to put into a page as it is."""

    __slots__ = ()


def safe(content: object) -> Html:
    """Markup as it is, everything else as escaped text."""
    return content if isinstance(content, Html) else Html(escape(str(content)))


def join(*children: object) -> Html:
    """Children one after the other.

    >>> join("a<b", element("br"))
    'a&lt;b<br>'
    """
    return Html("".join(safe(child) for child in children))


def element(tag: str, /, *children: object, **attributes: object) -> Html:
    """An element. `class_` is the attribute class, `data_x` is data-x; True is an attribute without value, None and False are none.

    >>> element("td", "R&D", class_="number")
    '<td class="number">R&amp;D</td>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None and value is not False)
    closing = "" if tag in {"br", "meta"} else f"</{tag}>"
    return Html(f"<{tag}{written}>{join(*children)}{closing}")


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def table(head: tuple[str, ...], rows: list[tuple[object, ...]], *, numbers: frozenset[int] = frozenset()) -> Html:
    """A table; the columns in `numbers` are set flush right."""
    classes = dict.fromkeys(numbers, "number")
    titles = [element("th", text, class_=classes.get(column), scope="col") for column, text in enumerate(head)]
    lines = [element("tr", *(element("td", cell, class_=classes.get(column)) for column, cell in enumerate(row))) for row in rows]
    return element("div", element("table", element("thead", element("tr", *titles)), element("tbody", *lines)), class_="wide")
