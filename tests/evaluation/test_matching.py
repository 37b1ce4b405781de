"""Confusion counts and their best one-to-one matching."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jaxseg.evaluation.matching import confusion, match, translate

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


@quick
@given(
    arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 9)),
    st.randoms(use_true_random=False),
)
def test_no_other_matching_agrees_on_more(frames, random):
    rows, columns = match(frames)
    size = min(frames.shape)
    assert len(set(rows.tolist())) == len(set(columns.tolist())) == size
    best = frames[rows, columns].sum()
    for _ in range(10):
        other = random.sample(range(frames.shape[0]), size)
        onto = random.sample(range(frames.shape[1]), size)
        assert frames[other, onto].sum() <= best


def test_ties_go_by_first_appearance():
    """Two clusters with two frames each of the only class: the one seen first is matched."""
    for clusters in ([8, 8, 3, 3], [3, 8, 8, 3]):
        table = confusion(np.array(clusters), np.zeros(4, int))
        rows, _ = match(table.frames)
        assert table.clusters[rows].tolist() == clusters[:1]


def test_translate():
    found = translate(np.array([4, -1, 4, 9]), {4: 0, 9: 2})
    assert found.tolist() == [0, -1, 0, 2]
