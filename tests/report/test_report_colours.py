import itertools
import re

import numpy as np

from jaxseg.report.drawing.colors import (
    EXCLUDED,
    class_colours,
    cluster_paints,
    hatch_definitions,
    plain_cluster_paints,
    unmatched,
)


def rgb(code: str) -> np.ndarray:
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def test_forty_eight_classes_have_forty_eight_colours():
    names = [f"class {i}" for i in range(48)]
    colours = class_colours(names, [names])
    assert len(set(colours.values())) == 48
    assert all(re.fullmatch(r"#[0-9a-f]{6}", code) for code in colours.values())


def test_classes_of_one_activity_are_far_apart():
    groups = [[f"{activity} {i}" for i in range(14)] for activity in range(10)]
    names = [name for group in groups for name in group]
    colours = class_colours(names, groups)
    for group in groups:
        for a, b in itertools.combinations(group, 2):
            # A tenth of a channel is well seen between neighbours in a bar.
            assert np.linalg.norm(rgb(colours[a]) - rgb(colours[b])) > 0.1


def test_every_colour_stands_out_from_black_and_white_pages():
    codes = class_colours(list(map(str, range(72))), [list(map(str, range(72)))]).values()
    weights = np.array([0.2126, 0.7152, 0.0722])
    for code in codes:
        luminance = weights @ rgb(code) ** 2.2
        assert 0.04 < luminance < 0.8


def test_more_classes_than_colours_still_get_one():
    names = [str(i) for i in range(200)]
    assert len(class_colours(names, [names])) == 200


def test_excluded_classes_are_plain():
    colours = class_colours(["a", "background"], [["a", "background"]], ["background"])
    assert colours["background"] == EXCLUDED != colours["a"]


def test_matched_clusters_wear_their_class_and_others_a_defined_hatching():
    colours = class_colours(["a", "b"], [["a", "b"]])
    paints = cluster_paints(4, {2: "a", 0: "b"}, colours)
    assert (paints[2].fill, paints[0].fill) == (colours["a"], colours["b"])
    assert paints[1] == unmatched(1) and paints[3] == unmatched(3)
    defined = set(re.findall(r'id="(hatch\d+)"', hatch_definitions()))
    assert {unmatched(k).fill for k in range(30)} == {f"url(#{name})" for name in defined}


def test_plain_clusters_all_differ():
    assert len({paint.fill for paint in plain_cluster_paints(22).values()}) == 22
