"""What every report has around its panels: head, banner, configuration, links, sources."""

from collections.abc import Mapping
from typing import Any, Protocol

from jaxseg.report.drawing.markup import fold, head_row, panel, row, table, text
from jaxseg.report.drawing.style import CSS

GENERATED = "generated data: not comparable with any paper's figures"
_SPELLED = {"gaufuse": "GauFuse"}  # methods that are more than capitals


class Described(Protocol):
    """What a run of any task says of itself; see `records.Run`."""

    name: str
    config: Mapping[str, Any]
    versions: Mapping[str, Any]
    data_name: str
    generated: bool
    files: tuple[str, ...]


def document(
    run: Described, sentence: str, panels: Mapping[str, str], *, definitions: str = ""
) -> str:
    """The whole page.

    Args:
        run: of any task.
        sentence: what was done, as HTML.
        panels: title -> section, from `titled`; empty ones are left out.
        definitions: SVG patterns that the panels refer to.
    """
    there = {title: body for title, body in panels.items() if body}
    links = "".join(f'<a href="#{_anchor(title)}">{title}</a>' for title in there)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(run.name)}: jaxseg report</title><style>{CSS}</style></head><body>"
        f'{definitions}<main>{_header(run, sentence)}<nav aria-label="panels">{links}</nav>'
        f"{''.join(there.values())}{_footer(run)}</main></body></html>\n"
    )


def titled(title: str, note: str, body: str) -> str:
    """A panel that the links at the top find by its title."""
    return panel(_anchor(title), title, note, body)


def method_name(run: Described) -> str:
    """The run's method as its paper writes it, as HTML."""
    method = str(run.config.get("method", "jaxseg"))
    return text(_SPELLED.get(method, method.upper()))


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _banner(run: Described) -> str:
    return f'<p class="banner">{GENERATED}</p>' if run.generated else ""


def _header(run: Described, sentence: str) -> str:
    config = table(
        "From config.json", head_row(["key", "value"]), _config_rows(run.config), kind="plain"
    )
    return (
        f"<header><h1>{text(run.name)}</h1><p>Data set: <strong>{text(run.data_name)}</strong>. "
        f"{sentence}</p>{_banner(run)}{fold('Configuration', config)}</header>"
    )


def _config_rows(config: Mapping[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            rows += _config_rows(value, f"{prefix}{key}.")
        else:
            rows.append(row(f"<code>{text(prefix + key)}</code>", [f"<code>{text(value)}</code>"]))
    return rows


def _footer(run: Described) -> str:
    packages = run.versions.get("packages", {})
    made = ", ".join(f"{text(name)} {text(version)}" for name, version in packages.items())
    facts = [
        ("Packages", made),
        ("Device", text(run.versions.get("device") or "")),
        ("Commit", text(run.versions.get("commit") or "")),
        ("Made from", " ".join(f"<code>{text(name)}</code>" for name in run.files)),
    ]
    lines = "".join(f"<p>{title}: {value}</p>" for title, value in facts if value)
    return f"<footer>{_banner(run)}{lines}</footer>"
