"""The palette: fixed, and read alike with full and with red-green-blind color vision."""

import itertools
import re

import numpy as np
import pytest

from jaxseg.report.drawing.colors import (
    EXCLUDED,
    HATCHINGS,
    PALETTE,
    class_colors,
    cluster_paints,
    plain_cluster_paints,
    unmatched,
)

# What a red-blind and a green-blind eye makes of linear sRGB (Machado, Oliveira, Fernandes 2009).
VISIONS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
# Linear sRGB -> cone responses, and their cube roots -> OKLab, where equal distances look equal.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def rgb(code: str) -> np.ndarray:
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def nearest(codes, vision: str) -> float:
    """The smallest distance of any two colors, in OKLab as this eye sees them."""
    levels = np.array([rgb(code) for code in codes])
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VISIONS[vision].T, 0, 1)
    lab = np.cbrt(seen @ TO_CONES.T) @ TO_LAB.T
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return distances[np.triu_indices(len(codes), 1)].min()


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize(("number", "apart"), [(8, 0.13), (14, 0.08), (30, 0.05), (48, 0.035)])
def test_colors_are_told_apart_by_every_eye(vision, number, apart):
    """Two colors .02 apart are just told apart side by side; Okabe and Ito's own eight are .08."""
    assert nearest(PALETTE[:number], vision) > apart


def test_a_picture_of_few_classes_has_the_first_colors():
    colors = class_colors(list("abcdefgh"), [list("abc"), list("defgh")])
    assert [colors[name] for name in "abc"] == list(PALETTE[:3])
    assert [colors[name] for name in "defgh"] == list(PALETTE[:5])


def test_forty_eight_classes_have_forty_eight_colors():
    names = [f"class {i}" for i in range(48)]
    colors = class_colors(names, [names])
    assert len(set(colors.values())) == 48
    assert all(re.fullmatch(r"#[0-9a-f]{6}", code) for code in colors.values())


def test_classes_of_one_activity_are_far_apart():
    groups = [[f"{activity} {i}" for i in range(14)] for activity in range(10)]
    names = [name for group in groups for name in group]
    colors = class_colors(names, groups)
    for group in groups:
        for a, b in itertools.combinations(group, 2):
            # A tenth of a channel is well seen between neighbors in a bar.
            assert np.linalg.norm(rgb(colors[a]) - rgb(colors[b])) > 0.1


def test_every_color_stands_out_from_black_and_white_pages():
    codes = class_colors(list(map(str, range(72))), [list(map(str, range(72)))]).values()
    weights = np.array([0.2126, 0.7152, 0.0722])
    for code in codes:
        luminance = weights @ rgb(code) ** 2.2
        assert 0.04 < luminance < 0.8


def test_more_classes_than_colors_still_get_one():
    names = [str(i) for i in range(200)]
    assert len(class_colors(names, [names])) == 200


def test_excluded_classes_are_plain():
    colors = class_colors(["a", "background"], [["a", "background"]], ["background"])
    assert colors["background"] == EXCLUDED != colors["a"]


def test_matched_clusters_wear_their_class_and_others_a_defined_hatching():
    colors = class_colors(["a", "b"], [["a", "b"]])
    paints = cluster_paints(4, {2: "a", 0: "b"}, colors)
    assert (paints[2].fill, paints[0].fill) == (colors["a"], colors["b"])
    assert paints[1] == unmatched(1) and paints[3] == unmatched(3)
    defined = {hatching.id for hatching in HATCHINGS}
    assert {unmatched(k).fill for k in range(30)} == {f"url(#{name})" for name in defined}


def test_plain_clusters_all_differ():
    assert len({paint.fill for paint in plain_cluster_paints(22).values()}) == 22
