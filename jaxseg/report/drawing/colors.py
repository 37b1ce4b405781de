"""One colour a class, the same on the whole page, far apart where classes meet in an activity."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

EXCLUDED = "#d4d4d8"
# Unmatched clusters: a grey and a slope of the hatching each, as ids of SVG patterns.
_GREYS = ("#7c7c84", "#a4a4ac", "#5c5c64", "#bcbcc4")
_SLOPES = (45, -45, 90)
_NUM_HATCHES = len(_GREYS) * len(_SLOPES)


class Paint(NamedTuple):
    """How a label looks: an SVG fill, and the plain name that legends and hovers show."""

    fill: str
    name: str


def _oklab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """OKLab [..., 3] to sRGB [..., 3]; values outside [0, 1] are colours no screen shows."""
    to_cones = np.array(
        [
            [1, 0.3963377774, 0.2158037573],
            [1, -0.1055613458, -0.0638541728],
            [1, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = (lab @ to_cones.T) ** 3 @ to_linear.T
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, bright)


def _candidates() -> tuple[np.ndarray, list[str]]:
    """Colours [C, 3] in OKLab over hues and lightnesses, and their hex codes.

    Lightness stays between .45 and .85, where a colour stands out from white and from black.
    """
    lightness, hue = np.meshgrid(
        [0.45, 0.58, 0.71, 0.84], np.arange(18) * 20.0 + 250, indexing="ij"
    )
    # Light colours are kept paler, or cyan and yellow would leave what a screen can show.
    chroma = 0.19 - 0.11 * lightness
    angle = np.deg2rad(hue)
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)
    lab = lab.reshape(-1, 3)
    levels = np.round(np.clip(_oklab_to_srgb(lab), 0, 1) * 255).astype(int)
    return lab, [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in levels]


def _distances(lab: np.ndarray) -> np.ndarray:
    """Pairwise distances [C, C], each the smaller of full and red-green-blind vision.

    OKLab's second axis runs from green to red; a red-green-blind eye sees little of it.
    """
    difference = lab[:, None] - lab[None]
    return np.minimum(
        np.linalg.norm(difference, axis=-1),
        np.linalg.norm(difference * (1.0, 0.25, 1.0), axis=-1),
    )


def class_colours(
    classes: Sequence[str], together: Iterable[Collection[str]], excluded: Collection[str] = ()
) -> dict[str, str]:
    """A hex colour for every class.

    Args:
        classes: all class names of the data set.
        together: groups of classes that are seen in one picture, say those of one activity.
        excluded: classes that evaluation leaves out; they are a plain light grey.

    Returns:
        class -> "#rrggbb". Each class in turn takes the colour farthest from those of the classes
        it is seen with; classes that are never seen together may share one.
    """
    groups = [set(group) for group in together]
    lab, codes = _candidates()
    distance = _distances(lab)
    chosen: dict[str, int] = {}
    for name in (c for c in classes if c not in excluded):
        met = set().union(*(group for group in groups if name in group))
        neighbours = [index for other, index in chosen.items() if other in met]
        nearest = distance[:, neighbours].min(axis=1, initial=np.inf)
        chosen[name] = int(nearest.argmax())
    return {name: codes[chosen[name]] if name in chosen else EXCLUDED for name in classes}


def unmatched(cluster: int) -> Paint:
    """The hatched grey of a cluster that no class was matched with."""
    return Paint(f"url(#hatch{cluster % _NUM_HATCHES})", f"cluster {cluster} (unmatched)")


def cluster_paints(
    num_clusters: int, matching: Mapping[int, str], colours: Mapping[str, str]
) -> dict[int, Paint]:
    """Paints of clusters 0..K-1: the colour of the matched class, else a hatched grey."""
    return {
        k: Paint(colours[matching[k]], f"{matching[k]} (cluster {k})")
        if k in matching
        else unmatched(k)
        for k in range(num_clusters)
    }


def plain_cluster_paints(num_clusters: int) -> dict[int, Paint]:
    """Paints of clusters 0..K-1 where there is no truth to match them with."""
    names = [f"cluster {k}" for k in range(num_clusters)]
    colours = class_colours(names, [names])
    return {k: Paint(colours[name], name) for k, name in enumerate(names)}


def hatch_definitions() -> str:
    """The SVG patterns that `unmatched` refers to; once on the page."""
    patterns = []
    for index in range(_NUM_HATCHES):
        grey, slope = _GREYS[index % len(_GREYS)], _SLOPES[index // len(_GREYS)]
        patterns.append(
            f'<pattern id="hatch{index}" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate({slope})"><rect width="6" height="6" fill="{grey}"/>'
            '<rect width="2" height="6" fill="#fff" fill-opacity=".6"/></pattern>'
        )
    return f'<svg class="definitions" aria-hidden="true"><defs>{"".join(patterns)}</defs></svg>'
