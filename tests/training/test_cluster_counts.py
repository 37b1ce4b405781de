"""A range of K as members of one program, and what becomes of it in the stages behind."""

import dataclasses
import json

import jax
import numpy as np
import pytest
import toy

from jaxseg import report
from jaxseg.run import workdir
from jaxseg.run.stages import TASKS
from jaxseg.training import loop
from jaxseg.training.members import clipping_notes, enumerate_members
from jaxseg.training.setup import set_up

DATA = toy.make_data()
AUTO = {"model.num_clusters": "auto", "model.cluster_range": (3, 4), "seeds": 2}
AUTO["predict.num_buckets"] = 1


@pytest.fixture(scope="module")
def trained(train_toy):
    """(setup, state, workdir) of both activities with two K and two seeds."""
    return train_toy(toy.make_config(AUTO))


def short_data(frames: int):
    """Soup has a video of as many frames."""
    video = toy.make_video("soup", 9, frames)
    return dataclasses.replace(DATA, videos=(*DATA.videos, video))


def test_activities_times_counts_times_seeds():
    members = enumerate_members(toy.make_config(AUTO), DATA)
    assert [(m.activity, m.num_clusters, m.seed) for m in members] == [
        (activity, count, seed)
        for activity in ("salad", "soup")
        for count in (3, 4)
        for seed in (0, 1)
    ]
    assert [member.variant for member in members[:4]] == ["K=3", "K=3", "K=4", "K=4"]
    assert members[3].directory == "seed1,K=4" and members[3].record().variant == "K=4"


def test_one_that_is_tried_is_the_one_that_is_given(trained, toy_run):
    """The toy's salad has four clusters, its soup three."""
    setup, state, _ = trained
    given, other, _ = toy_run
    for index, member in enumerate(given.members):
        (tried,) = [
            i
            for i, each in enumerate(setup.members)
            if (each.activity, each.seed) == (member.activity, member.seed)
            and each.num_clusters == member.num_clusters
        ]
        one, two = (
            jax.tree.map(lambda leaf, at=at: leaf[at], params)
            for at, params in ((tried, state.params), (index, other.params))
        )
        kept = slice(member.num_clusters)
        one, two = (each | {"prototypes": each["prototypes"][kept]} for each in (one, two))
        # Other members beside them let XLA sum in another order, see test_members.
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), one, two)


def test_from_the_checkpoint_to_the_report(trained, quick_compile):
    setup, state, folder = trained
    config, task = toy.make_config(AUTO), TASKS["segmentation"]
    workdir.claim(folder, config, DATA, setup.members)
    again = loop.train(config, set_up(config, DATA), folder, progress=False)
    assert int(again.step) == int(state.step)  # resumed at its end
    task.predict(config, DATA, setup, folder)
    evaluation = task.evaluate(folder, **vars(config.evaluation))
    choice = json.loads((folder / "num_clusters.json").read_text())["activities"]
    objectives = json.loads((folder / "objectives.json").read_text())
    for activity, found in choice.items():
        assert {found["chosen"], *found["runners_up"]} == {3, 4}
        for entry in found["tried"]:
            names = [f"seed{seed},{entry['variant']}" for seed in (0, 1)]
            frames = [video.num_frames for video in DATA.activities[activity]]
            means = [np.average([*objectives[activity][n].values()], weights=frames) for n in names]
            assert entry["objective"]["values"] == pytest.approx(means, abs=1e-9)
    results = evaluation["protocols"]["asot-exact"]["results"]
    assert [each["variant"] for each in results] == ["chosen K", "K=3", "K=4"]
    page = report.write_report(folder).read_text(encoding="utf-8")
    assert all(f"K = {found['chosen']} (" in page for found in choice.values())


def test_a_short_video_ends_the_range_early():
    config = toy.make_config(AUTO | {"model.cluster_range": (2, 9)})
    data = short_data(5)
    counts = {(member.activity, member.num_clusters) for member in enumerate_members(config, data)}
    assert counts == {("salad", k) for k in range(2, 10)} | {("soup", k) for k in range(2, 6)}
    (note,) = clipping_notes(config, data)
    assert note.startswith("soup: 2 to 5 clusters are tried instead of 2 to 9: video soup9 ")
    assert clipping_notes(config, DATA) == clipping_notes(toy.make_config(), data) == []


def test_a_video_too_short_for_two_of_them():
    config = toy.make_config(AUTO)
    with pytest.raises(ValueError, match=r"soup/soup9 has 3 frames: .*cluster_range") as error:
        enumerate_members(config, short_data(3))
    assert "\n" not in str(error.value)
