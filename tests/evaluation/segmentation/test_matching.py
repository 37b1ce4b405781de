"""Confusion counts and their best one-to-one matching."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jaxseg.evaluation.segmentation.groups import encode, group_videos, num_distinct
from jaxseg.evaluation.segmentation.matching import best_matching, confusion, match, translate

quick = settings(max_examples=80, deadline=None, derandomize=True)


@quick
@given(st.data())
def test_confusion_against_a_loop(data):
    length = data.draw(st.integers(1, 40))
    clusters, truth = (
        data.draw(arrays(np.int64, length, elements=st.integers(-1, 4))) for _ in range(2)
    )
    table = confusion(clusters, truth)
    assert table.clusters.tolist() == list(dict.fromkeys(clusters.tolist()))
    assert table.classes.tolist() == sorted(set(truth.tolist()))
    for row, cluster in enumerate(table.clusters):
        for column, index in enumerate(table.classes):
            both = sum((clusters == cluster) & (truth == index))
            assert table.frames[row, column] == both


def test_no_other_matching_agrees_on_more():
    """Against every one-to-one matching of up to five clusters and classes."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        frames = rng.integers(0, 10, rng.integers(1, 6, 2))
        rows, columns = match(frames)
        size = min(frames.shape)
        assert len(set(rows.tolist())) == len(set(columns.tolist())) == size
        wide = frames if frames.shape[0] == size else frames.T
        others = itertools.permutations(range(wide.shape[1]), size)
        assert frames[rows, columns].sum() == max(wide[range(size), each].sum() for each in others)


def test_ties_go_by_first_appearance():
    """Two clusters with two frames each of the only class: the one seen first is matched."""
    for clusters in ([8, 8, 3, 3], [3, 8, 8, 3]):
        table = confusion(np.array(clusters), np.zeros(4, int))
        rows, _ = match(table.frames)
        assert table.clusters[rows].tolist() == clusters[:1]


def test_translate():
    """Unmatched clusters get numbers below -1, each its own; a bound -1 keeps its own."""
    found = translate(np.array([4, -1, 4, 9, 7]), {4: 0, 9: 2}, bound=False)
    assert found[[0, 2, 3]].tolist() == [0, 0, 2]
    assert found[1] < -1 and found[4] < -1 and found[1] != found[4]
    found = translate(np.array([4, -1, 4]), {4: 0}, bound=True)
    assert found.tolist() == [0, -1, 0]


def test_the_background_cluster_is_matched_with_no_class():
    group = group_videos({"v": [0, 0, 1, 2]}, {"v": [-1, -1, 3, 4]}, background=[2])["all"]["v"]
    assert best_matching(group, bound=True) == {3: 1}
    assert best_matching(group, bound=False) == {-1: 0, 3: 1}


@quick
@given(st.lists(st.integers(-1, 4), max_size=40))
def test_codes_against_numpy(labels):
    labels = np.array(labels, np.int64)
    numbers, order, codes = encode(labels)
    assert numbers.tolist() == sorted(set(labels.tolist()))
    assert numbers[order].tolist() == list(dict.fromkeys(labels.tolist()))
    assert numbers[codes].tolist() == labels.tolist()
    assert num_distinct(labels) == len(numbers)
