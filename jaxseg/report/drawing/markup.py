"""Small pieces of HTML that every panel is put together from."""

import html
from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    """`value` as HTML text, safe in elements and in quoted attributes."""
    return html.escape(str(value), quote=True)


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 seed", "1,712 videos"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def panel(anchor: str, title: str, note: str, body: str) -> str:
    """A section of the page; `note` says in plain words what is to be seen. Both are HTML."""
    return f'<section id="{anchor}"><h2>{title}</h2><p class="note">{note}</p>{body}</section>'


def fold(summary: str, body: str, *, opened: bool = False) -> str:
    """A block that the reader opens with a click; needs no script."""
    state = " open" if opened else ""
    return f"<details{state}><summary>{summary}</summary>{body}</details>"


def figure(source: str, alt: str, caption: str) -> str:
    """A picture on a white card, for drawings that keep black ink in the dark scheme."""
    return (
        f'<figure class="card"><figcaption>{caption}</figcaption>'
        f'<img src="{source}" alt="{text(alt)}" loading="lazy"></figure>'
    )


def grid(items: Iterable[str]) -> str:
    """Equal boxes side by side, as many as the window holds."""
    return f'<div class="grid">{"".join(items)}</div>'


def table(caption: str, head: str, rows: Iterable[str], *, kind: str = "") -> str:
    """A table that scrolls inside its own box where the window is narrower than it."""
    return (
        f'<div class="scroll" tabindex="0"><table class="{kind}">'
        f"<caption><span>{caption}</span></caption><thead>{head}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(header: str, cells: Sequence[str], *, kind: str = "") -> str:
    """A table row; `cells` are finished `<td>` elements or the HTML to put in one."""
    finished = (cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in cells)
    return f'<tr class="{kind}"><th scope="row">{header}</th>{"".join(finished)}</tr>'


def head_row(cells: Sequence[str], *, span: int = 1) -> str:
    """A row of column headers; each but the first covers `span` columns."""
    first, *others = cells
    scope = f' colspan="{span}" scope="colgroup"' if span > 1 else ' scope="col"'
    return f'<tr><th scope="col">{first}</th>{"".join(f"<th{scope}>{c}</th>" for c in others)}</tr>'


def activity_blocks(blocks: Sequence[tuple[str, str]]) -> str:
    """(activity, HTML) pairs under headings; folded, but for the first, when more than three."""
    if len(blocks) <= 3:
        return "".join(f"<h3>{text(name)}</h3>{body}" for name, body in blocks)
    return "".join(fold(text(name), body, opened=i == 0) for i, (name, body) in enumerate(blocks))
