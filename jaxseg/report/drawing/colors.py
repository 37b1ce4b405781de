"""The fixed palette of all pages: which color a class, a cluster or a kind of error has.

The first eight colors keep the hues of Okabe and Ito (2008), moved until any two of them lie far
apart for readers with full, red-blind and green-blind vision alike; each later one is the farthest
from all before it, so that a picture of few classes has the colors that are told apart best.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

# fmt: off
PALETTE = (
    "#2a5cc4", "#dd9c14", "#0a7d78", "#bd3d12", "#7bd2f7", "#f7d54c", "#a588cc", "#3b3876",
    "#702020", "#70c098", "#98e8c0", "#5c9870", "#d47020", "#205c84", "#8470d4", "#982048",
    "#98d484", "#98ace8", "#9870ac", "#70d4c0", "#70ac70", "#344898", "#d4c034", "#ac485c",
    "#34ac98", "#487020", "#5cc0c0", "#845cac", "#70e8e8", "#ace884", "#84c070", "#ac7048",
    "#702048", "#9884e8", "#843420", "#843470", "#ac5c84", "#9898e8", "#7048ac", "#c09848",
    "#208498", "#349898", "#ac8448", "#205c34", "#844898", "#3470c0", "#20705c", "#5c345c",
)
# fmt: on
EXCLUDED = "#d4d4d8"
INK, ACCENT, FAINT = "#27272a", "#1d5fa8", "#a1a1aa"
LINES = (ACCENT, "#d95f02", "#0f8a6d", "#b5397e", "#7a5cc2", "#8a6d0b")  # of curves on white
# Kinds of detections, the right ones first and gray (Okabe and Ito 2008).
KINDS = ("#b4b9bf", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
# Clusters without a class: each pair of a gray and a slope is one hatching of the page.
_GRAYS = ("#7c7c84", "#a4a4ac", "#5c5c64", "#bcbcc4")
_SLOPES = (45, -45, 90)
_NUM_HATCHINGS = len(_GRAYS) * len(_SLOPES)


class Paint(NamedTuple):
    """How a label looks: an SVG fill, and the plain name that legends and hovers show."""

    fill: str
    name: str


class Hatching(NamedTuple):
    """An SVG pattern: its id on the page, the gray below and the slope of the lines in degrees."""

    id: str
    gray: str
    slope: int


HATCHINGS = tuple(
    Hatching(f"hatch{i}", _GRAYS[i % len(_GRAYS)], _SLOPES[i // len(_GRAYS)])
    for i in range(_NUM_HATCHINGS)
)


def class_colors(
    classes: Sequence[str], together: Iterable[Collection[str]], excluded: Collection[str] = ()
) -> dict[str, str]:
    """A color of the palette, "#rrggbb", for every class.

    Each class in turn takes the first color that no class has that it is seen `together` with, say
    in one activity; where all are taken, the palette begins anew. Excluded classes, which
    evaluation leaves out, are a plain light gray.
    """
    groups = [set(group) for group in together]
    colors: dict[str, str] = {}
    for name in classes:
        if name in excluded:
            continue
        neighbors = set().union(*(group for group in groups if name in group)) & colors.keys()
        taken = {colors[other] for other in neighbors}
        free = (color for color in PALETTE if color not in taken)
        colors[name] = next(free, PALETTE[len(neighbors) % len(PALETTE)])
    return {name: colors.get(name, EXCLUDED) for name in classes}


def kind_paints(kinds: Sequence[str]) -> dict[str, Paint]:
    """Paints of kinds of detections, by name; the first is gray."""
    return {kind: Paint(KINDS[place % len(KINDS)], kind) for place, kind in enumerate(kinds)}


def unmatched(cluster: int, name: str = "") -> Paint:
    """The hatched gray of a cluster that no class was matched with."""
    fill = f"url(#{HATCHINGS[cluster % _NUM_HATCHINGS].id})"
    return Paint(fill, f"{name or f'cluster {cluster}'} (unmatched)")


def cluster_paints(
    num_clusters: int,
    matching: Mapping[int, str],
    colors: Mapping[str, str],
    names: Mapping[int, str] | None = None,
) -> dict[int, Paint]:
    """Paints of clusters 0..K-1: the color of the matched class, else a hatched gray.

    `names` are those that people gave to clusters.
    """
    names = names or {}
    return {
        k: Paint(colors[matching[k]], f"{matching[k]} ({names.get(k, f'cluster {k}')})")
        if k in matching
        else unmatched(k, names.get(k, ""))
        for k in range(num_clusters)
    }


def plain_cluster_paints(
    num_clusters: int, names: Mapping[int, str] | None = None
) -> dict[int, Paint]:
    """Paints of clusters 0..K-1 where there is no truth to match them with.

    Clusters of the same name have the paint of the first of them.
    """
    numbers = [f"cluster {k}" for k in range(num_clusters)]
    colors = class_colors(numbers, [numbers])
    paints: dict[str, Paint] = {}
    labels = [(names or {}).get(k, number) for k, number in enumerate(numbers)]
    for label, number in zip(labels, numbers, strict=True):
        paints.setdefault(label, Paint(colors[number], label))
    return {k: paints[label] for k, label in enumerate(labels)}
