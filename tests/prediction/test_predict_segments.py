"""Prediction files: every frame of every video under every member, whatever the bucket."""

import json
import shutil

import numpy as np
import pytest
import toy
from hypothesis import given
from hypothesis import strategies as st

from jaxseg.prediction import segments as predict
from jaxseg.prediction.segments import _choose_typical, bucket_lengths
from jaxseg.run import workdir
from jaxseg.runfiles import segmentation
from jaxseg.runfiles.segmentation import TypicalFrame
from jaxseg.training.members import enumerate_members

DATA = toy.make_data()
CLUSTERS = toy.VALUES["model"]["clusters_by_activity"]


@pytest.fixture(scope="module")
def decode(toy_run, quickly, tmp_path_factory):
    """decode(overrides) -> the folder of the finished toy run with its predictions."""

    def run(overrides=None):
        setup, _, workdir = toy_run
        folder = tmp_path_factory.mktemp("predicted") / "run"
        shutil.copytree(workdir, folder)
        with quickly():
            config = toy.make_config({"seeds": 2} | (overrides or {}))
            predict.predict(config, DATA, setup, folder, progress=False)
        return folder

    return run


@pytest.fixture(scope="module")
def predicted(decode):
    return decode({"predict.couplings": 2})


def labels(folder) -> dict[str, list[int]]:
    files = sorted((folder / "predictions").rglob("*.txt"))
    return {
        file.relative_to(folder / "predictions").as_posix(): [
            int(line) for line in file.read_text().splitlines()
        ]
        for file in files
    }


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=30), st.integers(1, 9))
def test_bucket_lengths(lengths, num_buckets):
    found = bucket_lengths(lengths, num_buckets)
    assert 1 <= len(found) <= num_buckets
    assert found == sorted(set(found)) and all(length % 8 == 0 for length in found)
    assert max(lengths) <= found[-1] < max(lengths) + 8


def test_bucket_lengths_grow_by_equal_ratios():
    assert bucket_lengths([100, 1600], 4) == [200, 400, 800, 1600]
    assert bucket_lengths([5, 5, 5], 6) == [8]


def test_every_frame_of_every_video_has_a_cluster_of_its_activity(predicted):
    found = labels(predicted)
    assert set(found) == {
        f"{video.activity}/seed{seed}/{video.name}.txt" for video in DATA.videos for seed in (0, 1)
    }
    for video in DATA.videos:
        for seed in (0, 1):
            own = found[f"{video.activity}/seed{seed}/{video.name}.txt"]
            assert len(own) == video.num_frames
            assert set(own) <= set(range(CLUSTERS[video.activity]))


def test_labels_do_not_depend_on_the_buckets(decode, predicted):
    assert labels(decode({"predict.num_buckets": 1})) == labels(predicted)


def test_couplings_of_some_videos_explain_the_labels(predicted):
    files = sorted((predicted / "couplings").rglob("*.npz"))
    names = [file.relative_to(predicted / "couplings").with_suffix(".txt") for file in files]
    assert [str(name) for name in names] == [
        f"{activity}/seed0/{activity}{number}.txt"
        for activity, number in [("salad", 0), ("salad", 2), ("soup", 0), ("soup", 1)]
    ]
    for name, file in zip(names, files, strict=True):
        with np.load(file) as arrays:
            plan, affinity = arrays["plan"].astype(float), arrays["affinity"]
        assert plan.shape == affinity.shape and plan.shape[1] == CLUSTERS[name.parts[0]]
        np.testing.assert_allclose(plan.sum(1), 1, atol=5e-3)  # stored in half precision
        chosen = plan[np.arange(len(plan)), labels(predicted)[name.as_posix()]]
        assert (chosen >= plan.max(1) - 1e-3).all()


def test_couplings_of_every_seed_are_kept_where_the_best_is_shown_first(decode):
    terms = {"duration": 5.0, "order": "shared"}
    folder = decode(terms | {"predict.couplings": 1, "predict.peers": False})
    found = sorted(path.parent.name for path in (folder / "couplings").rglob("*.npz"))
    assert found == ["seed0", "seed0", "seed1", "seed1"]


def test_typical_frames_carry_their_cluster(predicted):
    typical = json.loads((predicted / "typical.json").read_text())
    assert list(typical) == ["salad", "soup"] and list(typical["soup"]) == ["seed0", "seed1"]
    for activity, members in typical.items():
        for directory, clusters in members.items():
            assert len(clusters) == CLUSTERS[activity]
            for cluster, found in enumerate(clusters):
                assert len(found) <= 12
                scores = [entry["similarity"] for entry in found]
                assert scores == sorted(scores, reverse=True)
                for entry in found:
                    file = f"{activity}/{directory}/{entry['video']}.txt"
                    assert labels(predicted)[file][entry["frame"]] == cluster


def test_typical_frames_are_spread_over_videos():
    """Eight candidates a video, the best ones beside each other on either side of a border."""
    rng = np.random.default_rng(0)
    found = [
        TypicalFrame(f"v{i}", frame, round(float(value) - i, 4))
        for i in range(5)
        for frame, value in zip(range(0, 160, 20), rng.random(8), strict=True)
    ]
    found += [TypicalFrame("v0", 61, 2.0)]  # frame 60's neighbor
    chosen = _choose_typical(found, dict.fromkeys((f"v{i}" for i in range(5)), 160))
    assert len(chosen) == 12 and chosen[0].frame == 61
    assert [entry.similarity for entry in chosen] == sorted(
        (entry.similarity for entry in chosen), reverse=True
    )
    frames = {f"v{i}": [e.frame for e in chosen if e.video == f"v{i}"] for i in range(5)}
    assert [len(own) for own in frames.values()] == [3, 3, 2, 2, 2]
    assert 60 not in frames["v0"]
    for name, own in frames.items():
        every = sorted((e for e in found if e.video == name), key=lambda e: -e.similarity)
        best = [e.frame for e in every if (name, e.frame) != ("v0", 60)]
        assert own == best[: len(own)]


def test_without_couplings_and_peers(decode, predicted):
    folder = decode({"predict.couplings": 0, "predict.peers": False})
    assert not list((folder / "couplings").rglob("*.npz"))
    assert not list((folder / "peers").iterdir())
    assert len(list((predicted / "peers").rglob("kmeans,seed1/*.txt"))) == len(DATA.videos)


def test_tables_for_annotators(decode):
    folder = decode({"predict.segments": "csv"})
    tables = sorted((folder / "predictions").rglob("*.csv"))
    assert len(tables) == 10
    for table in tables:
        header, *rows = table.read_text().splitlines()
        assert header == "start,end,label"
        rows = [[int(entry) for entry in row.split(",")] for row in rows]
        spelled = [label for start, end, label in rows for _ in range(start, end)]
        assert spelled == [int(line) for line in table.with_suffix(".txt").read_text().split()]


def test_no_training(toy_run, tmp_path):
    with pytest.raises(ValueError, match=r"no checkpoints in .*train first"):
        predict.predict(toy.make_config({"seeds": 2}), DATA, toy_run[0], tmp_path)
    assert not list(tmp_path.iterdir())


def test_unfinished_training(toy_run, tmp_path):
    setup, _, workdir = toy_run
    shutil.copytree(workdir, tmp_path / "run")
    shutil.rmtree(tmp_path / "run/checkpoints/6")
    with pytest.raises(ValueError, match=r"step 4 of 6.*finish it first"):
        predict.predict(toy.make_config({"seeds": 2}), DATA, setup, tmp_path / "run")
    assert not list((tmp_path / "run").glob("*predictions*"))


def test_a_failure_leaves_the_old_predictions_and_nothing_half(decode, monkeypatch, toy_run):
    folder = decode()
    before = labels(folder)

    def full(*_):
        raise OSError("cannot write: no space")

    monkeypatch.setattr(segmentation, "write_text", full)
    with pytest.raises(OSError, match="no space"):
        predict.predict(toy.make_config({"seeds": 2}), DATA, toy_run[0], folder, progress=False)
    assert labels(folder) == before
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture(scope="module")
def split(train_toy, quickly):
    """(setup, folder) of TOT's predictions where 40 % of the videos are kept for testing."""
    values = {"seeds": 3, "data.test_share": 0.4, "solver.eval.background": True}
    config = toy.make_tot_config(values | {"predict.num_buckets": 1, "predict.couplings": 1})
    setup, _, folder = train_toy(config)
    workdir.claim(folder, config, DATA, setup.members)
    with quickly():
        predict.predict(config, DATA, setup, folder, progress=False)
    return setup, folder


def test_under_a_split_only_videos_that_are_tested_on_have_predictions(split):
    setup, folder = split
    expected = {
        f"{member.activity}/{directory}/{name}.txt"
        for member in setup.members
        for directory in (member.directory, f"{member.directory},argmax")
        for name in member.test
    }
    assert set(labels(folder)) == expected and len(expected) == 12
    assert len({member.test for member in setup.members if member.activity == "salad"}) == 2


def test_members_json_names_the_videos_that_are_tested_on(split):
    setup, folder = split
    records = json.loads((folder / "members.json").read_text())
    assert [record["test"] for record in records] == [list(m.test) for m in setup.members]
    plain = enumerate_members(toy.make_tot_config(), DATA)
    assert not any(member.record().test for member in plain)


def test_background_is_minus_one_in_every_decoding(split):
    found = labels(split[1])
    for name, own in found.items():
        activity, directory, video = name.split("/")
        beside = found[f"{activity}/{directory.removesuffix(',argmax')},argmax/{video}"]
        assert [label == -1 for label in own] == [label == -1 for label in beside]
        assert set(own) <= set(range(-1, CLUSTERS[activity]))
    everything = {label for own in found.values() for label in own}
    assert -1 in everything and len(everything) > 2


def test_typical_frames_are_of_tested_videos(split):
    setup, folder = split
    typical = json.loads((folder / "typical.json").read_text())
    for member in setup.members:
        found = [f for cluster in typical[member.activity][member.directory] for f in cluster]
        assert found and {frame["video"] for frame in found} <= set(member.test)


def test_the_couplings_that_are_kept_are_of_videos_that_are_tested_on(split):
    """One an activity here, and those that were trained on are not in the way."""
    setup, folder = split
    for member in setup.members:
        files = (folder / "couplings" / member.activity / member.directory).glob("*.npz")
        assert {file.stem for file in files} == (set(member.test) if member.seed == 0 else set())
