"""The seed that is shown first: the one whose labels tell the data best."""

import numpy as np
import pytest
import toy

from jaxseg.prediction.new_data import Trained
from jaxseg.run import workdir
from jaxseg.runfiles.savings import read_savings
from jaxseg.runfiles.segmentation import main_first, write_labels
from jaxseg.training.members import enumerate_members
from jaxseg.tuning import description, seeds
from jaxseg.tuning.description import Description

DATA = toy.make_data()
TERMS = {"seeds": 3, "duration": 5.0, "order": "shared"}


@pytest.fixture
def make_run(tmp_path):
    """make_run(overrides) -> config, members, folder: seed 0 found nothing, 1 the truth, 2 half."""

    def run(overrides):
        config = toy.make_config(overrides)
        members = enumerate_members(config, DATA)
        workdir.claim(tmp_path, config, DATA, members)
        for member in members:
            for video in DATA.activities[member.activity]:
                truth = np.minimum(video.labels, member.num_clusters - 1)
                labels = [np.zeros_like(truth), truth, truth // 2][member.seed]
                place = tmp_path / "predictions", video.activity, member.directory, video.name
                write_labels(*place, labels)
        return config, members, tmp_path

    return run


def test_the_best_seed_is_shown_first(make_run):
    config, members, folder = make_run(TERMS)
    seeds.compare(config, DATA, members, folder)
    savings = read_savings(folder)
    for name, videos in DATA.activities.items():
        own = [member for member in members if member.activity == name]
        assert [each.seed for each in main_first(folder, own)] == [1, 0, 2]
        nothing, truth, half = (savings[name][f"seed{seed}"] for seed in range(3))
        assert (nothing.nats, nothing.segments, nothing.used, nothing.score) == (0, 1, 1, 0)
        assert truth.used == own[0].num_clusters and truth.segments == truth.used
        assert truth.score == truth.nats > half.nats > half.score > 0
        told = Description([video.frames() for video in videos])
        labels = [np.minimum(video.labels, truth.used - 1) for video in videos]
        assert truth.nats == pytest.approx(told.saving(labels).nats)
    assert Trained(folder).member("soup").seed == 1


def test_many_frames_are_compared_on_some_of_them(make_run, monkeypatch):
    config, members, folder = make_run(TERMS)
    monkeypatch.setattr(description, "MOST_VALUES", 40 * DATA.num_channels)
    seeds.compare(config, DATA, members, folder)
    videos = DATA.activities["soup"]  # of 66 frames every second is looked at
    labels = [np.minimum(video.labels, 2)[::2] for video in videos]
    told = Description([video.frames(slice(None, None, 2)) for video in videos]).saving(labels)
    assert read_savings(folder)["soup"]["seed1"].nats == pytest.approx(told.nats)


@pytest.mark.parametrize("overrides", [{"seeds": 3}, TERMS | {"data.test_share": 0.5}])
def test_elsewhere_the_first_seed_stays_in_front(make_run, overrides):
    config, members, folder = make_run(overrides)
    seeds.compare(config, DATA, members, folder)
    assert not (folder / "savings.json").exists()
    assert main_first(folder, members[:3])[0].seed == 0
