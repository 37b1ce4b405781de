"""The one HTML page of the program: its templates, the records they take, and the whole document.

A page is a list of panels. Each panel is a macro of a file in `templates/`, which gets records of
plain data and drawings; everything but `Markup` is escaped on the way.
"""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
from markupsafe import Markup

from jaxseg.report.drawing.bars import Strip, clock, clock_span
from jaxseg.report.drawing.colors import HATCHINGS, Paint
from jaxseg.runfiles.about import DataRecord, read_config, read_versions
from jaxseg.runfiles.evaluation import mean_of
from jaxseg.runfiles.segmentation import Spread

_SPELLED = {"gaufuse": "GauFuse"}  # methods that are more than capitals
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
# In a template a line break between two tags is nothing and any other one is a space: indentation
# is for those who read the template, and would make a page of many small parts a third longer.
_BETWEEN_TAGS = re.compile(r"(?<=[>}])\s*\n\s*(?=[<{]|$)|^\s+")
_BREAK = re.compile(r"\s*\n\s*")


# What pages of runs are made from, those of both tasks in the order in which the foot names them.
_FILES = (
    "config.json",
    "versions.json",
    "dataset.json",
    "members.json",
    "metrics.jsonl",
    "truth/",
    "truth.json",
    "predictions/",
    "peers/",
    "couplings/",
    "typical.json",
    "choice.json",
    "savings.json",
    "maps/",
    "pseudo_labels/",
    "clusters.json",
    "evaluation.json",
    "objectives.json",
    "names.csv",
    "footage/footage.json",
    "footage/pictures/",
)


SHOWN = 50  # names of channels on a page


class Source(NamedTuple):
    """What a page is about and was made from: its head and its foot."""

    name: str  # the title, say that of the workdir
    data_name: str = ""  # of the data set; "" leaves it out
    generated: bool = False  # whether the data was generated, which a banner says
    origin: str = ""  # what the banner says of data that nobody named and that is real
    notes: Sequence[str] = ()  # what was left out, filled in or cut when its files were read
    config: Mapping[str, Any] = {}  # shown folded; {} leaves it out
    packages: Mapping[str, str | None] = {}  # name -> version
    device: str = ""
    commit: str = ""
    files: Sequence[str] = ()  # the files read, folders with a slash at the end


def run_source(workdir: Path, data: DataRecord) -> Source:
    """Head and foot of the page of a run."""
    config, versions = read_config(workdir), read_versions(workdir)
    return Source(
        name=workdir.resolve().name,
        data_name=data.name,
        generated=data.generated,
        origin=getattr(data, "origin", ""),
        notes=(*getattr(data, "notes", ()), *_names_of_channels(data)),
        config=config,
        packages=versions.packages if versions else {},
        device=(versions.device if versions else "") or "",
        commit=(versions.commit if versions else "") or "",
        files=[name for name in _FILES if (workdir / name).exists()],
    )


def _names_of_channels(data: DataRecord) -> tuple[str, ...]:
    """A note with the names of the channels, where files have some."""
    names = getattr(data, "channel_names", ())
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (f"{len(names)} channels: {', '.join(names[:SHOWN])}{more}",) if names else ()


def method_name(source: Source) -> str:
    """The run's method as its paper writes it."""
    method = str(source.config.get("method", "jaxseg"))
    return _SPELLED.get(method, method.upper())


class Panel(NamedTuple):
    """A section of the page, and the link to it at the top; an empty body leaves it out."""

    title: str
    body: Markup | str

    @property
    def anchor(self) -> str:
        """The section's id."""
        return self.title.lower().replace(" ", "-")


class Picture(NamedTuple):
    """An image on a white card: its data URI, its description, its title and a remark."""

    source: str
    alt: str
    title: str
    remark: str = ""


class Video(NamedTuple):
    """A video under its name: facts in words, strips on a common time axis, a legend or none."""

    name: str
    facts: Sequence[str]
    strips: Sequence[Strip]
    legend: Sequence[Paint] = ()


class Block(NamedTuple):
    """Part of a panel under a heading of its own, say what is of one activity."""

    name: str
    content: Any


class Cell(NamedTuple):
    """A cell of a table; `kind` is its class of style, `title` shows on hovering."""

    text: str
    remark: str = ""
    kind: str = ""
    title: str = ""
    style: str = ""


class Row(NamedTuple):
    """A row of a table: header, cells, class of style."""

    header: str
    cells: Sequence[Cell | str]
    kind: str = ""


class Table(NamedTuple):
    """A table with a caption."""

    caption: str
    # One or two rows of column names; those of a first of two span the second's.
    head: Sequence[Sequence[str]]
    rows: Sequence[Row]
    kind: str = ""  # class of style


def render(template: str, macro: str, **values: Any) -> Markup:
    """HTML of one macro of a template file."""
    return getattr(_environment().get_template(template).module, macro)(**values)


def document(
    source: Source, sentence: Markup, panels: Iterable[Panel], *, box: Markup | str = ""
) -> str:
    """The whole page: sentence, box of warnings and panels from the top; empty ones left out."""
    shown = [panel for panel in panels if panel.body]
    is_hatched = any("#hatch" in panel.body for panel in shown)
    page = _environment().get_template("page.html")
    return page.render(
        source=source,
        sentence=sentence,
        box=box,
        panels=shown,
        settings=list(_flattened(source.config)),
        hatchings=HATCHINGS if is_hatched else (),
    )


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 seed", "1,712 videos"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def spread_over(items: Sequence[Any], count: int) -> list[Any]:
    """Up to `count` items at even distances, the first and the last among them."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]


def thirds(videos: Sequence[str], count: int) -> dict[str, str]:
    """Up to `count` of the videos, in their order, each with "best", "middle" or "worst".

    They are from the front, the middle and the end; "" stands where all videos are shown.
    """
    if len(videos) <= count:
        return dict.fromkeys(videos, "")
    best, worst = (count + 2) // 3, (count + 1) // 3
    middle = count - best - worst
    start = (len(videos) - middle) // 2
    chosen = dict.fromkeys(videos[:best], "best")
    chosen |= dict.fromkeys(videos[start : start + middle], "middle")
    return chosen | dict.fromkeys(videos[len(videos) - worst :], "worst")


def score_cell(
    score: float | Spread | None,
    baselines: Sequence[float | Spread | None] = (),
    *,
    kind: str = "",
) -> Cell:
    """A score in percent: mean ± spread where there are several seeds, a dash where it is None.

    A mean below one of the baselines' is marked; `kind` is the style of a single number.
    """
    if score is None:
        return Cell("–", kind="missing")
    if not isinstance(score, Spread):
        return Cell(f"{score:.1f}", kind=kind)
    text, remark = f"{score.mean:.1f}", f"± {score.std:.1f}" if len(score.values) > 1 else ""
    if any(baseline is not None and score.mean < mean_of(baseline) for baseline in baselines):
        return Cell(text, remark, "below", title="below a baseline")
    return Cell(text, remark, "run")


def baseline_cell(score: float | Spread | None, own: float | Spread | None) -> Cell:
    """A score of a baseline, like `score_cell`; marked where it is above the run's own."""
    cell = score_cell(score, kind="baseline")
    if score is None or own is None or mean_of(score) <= mean_of(own):
        return cell._replace(kind="missing" if score is None else "baseline")
    return cell._replace(kind="above", title="above this run")


def spread_words(results: Sequence[Any], repeat: str = "seed") -> str:
    """What the spreads of all results are over, by their `seeds`, which `repeat` names."""
    numbers = sorted({len(result.seeds) for result in results})
    if numbers == [1]:
        return f"one {repeat}"
    return f"mean ± spread over {'/'.join(map(str, numbers))} {repeat}s"


def settings_table(settings: Mapping[str, Any]) -> Table | None:
    """What a protocol was scored with; None where the file says nothing."""
    rows = [Row(key, [str(value)]) for key, value in settings.items()]
    return Table("From evaluation.json", [["what", "value"]], rows, kind="plain") if rows else None


def confusion_table(
    counts: np.ndarray, classes: Sequence[str], caption: str, *, last: str = "unmatched"
) -> Table:
    """A confusion of truth and prediction, in percent of each row.

    The counts are frames, [classes, classes + 1]; the last column, which `last` names, is of
    predictions without a class.
    """
    columns = [*classes, last]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        Row(truth, [_share_cell(truth, *pair) for pair in zip(columns, line, strict=True)])
        for truth, line in zip(classes, shares, strict=True)
    ]
    return Table(caption, [["truth ↓ prediction →", *columns]], rows, kind="confusion")


def _share_cell(truth: str, predicted: str, share: float) -> Cell:
    """A share of a true class's frames, shaded by it; empty below half a percent."""
    hit = "hit" if truth == predicted else ""
    if share < 0.005:
        return Cell("", kind=hit)
    return Cell(
        f"{100 * share:.0f}",
        kind=f"{'strong' if share > 0.5 else 'weak'} {hit}".strip(),
        title=f"{truth} taken for {predicted}: {100 * share:.1f} %",
        style=f"--share:{share:.2f}",
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
    )
    functions = {"counted": counted, "asset": _asset, "clock": clock, "clock_span": clock_span}
    environment.globals.update(functions)
    return environment


def _template(name: str) -> str:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    return _BREAK.sub(" ", _BETWEEN_TAGS.sub("", text))


def _asset(name: str) -> Markup:
    """A style sheet or a script as it stands in its file."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _flattened(config: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """("solver.train.alpha", value) of nested settings."""
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
