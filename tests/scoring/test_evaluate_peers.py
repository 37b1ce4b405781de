"""k-means beside a run in its scores: mean and spread over seeds, marked where it is better."""

import pytest
from run_folder import member, run, write_run

from jaxseg.formats.labels import write_labels
from jaxseg.runfiles.evaluation import read_segmentation_scores
from jaxseg.scoring.segments import summary_lines

TRUTH = {("coffee", "a"): [0, 0, 1, 1], ("coffee", "b"): [0, 1, 1, 1]}
ONE = {("coffee", "seed0", "a"): [0, 0, 0, 1], ("coffee", "seed1", "b"): [0, 1, 0, 1]}
PREDICTIONS = {
    **ONE,
    ("coffee", "seed1", "a"): [0, 1, 0, 1],
    ("coffee", "seed0", "b"): [1, 1, 1, 1],
}
# By seed: the truth itself, and two frames of eight that are wrong.
PEERS = {0: {"a": [1, 1, 0, 0], "b": [1, 0, 0, 0]}, 1: {"a": [0, 0, 1, 1], "b": [0, 0, 0, 1]}}


def write_peers(root, peers=PEERS):
    for seed, videos in peers.items():
        for name, labels in videos.items():
            write_labels(root / "peers/coffee" / f"kmeans,seed{seed}" / f"{name}.txt", labels)


@pytest.fixture
def workdir(tmp_path):
    members = [member("coffee", 0), member("coffee", 1)]
    return write_run(tmp_path, TRUTH, members, PREDICTIONS)


def test_without_its_labels_there_is_no_row(workdir):
    evaluation = run(workdir)
    assert "kmeans" not in evaluation["protocols"]["asot-exact"]["baselines"]
    assert not any("k-means" in line for line in summary_lines(evaluation))


def test_mean_and_spread_over_seeds(workdir):
    write_peers(workdir)
    entry = run(workdir)["protocols"]["asot-exact"]
    mof = entry["baselines"]["kmeans"]["full"]["macro"]["mof"]
    assert mof == {"mean": 87.5, "std": 12.5, "values": [100, 75]}
    assert "averaged over the 9" in entry["settings"]["k-means"]
    read = read_segmentation_scores(workdir).protocols["asot-exact"].baselines["kmeans"]
    assert read.full.by_activity["coffee"]["mof"].values == [100, 75]


def test_what_is_above_the_run_has_a_star_and_a_warning(workdir):
    """Seed 0 of the run has 6 of 8 frames, seed 1 has 5; equal split has 7."""
    write_peers(workdir)
    lines = summary_lines(run(workdir, protocols=("asot-exact", "asot")))
    assert lines[2].split("seeds)")[1].split()[:3] == ["68.8", "±", "6.2"]
    assert lines[3].split()[:3] == ["equal", "split", "87.5*"]
    assert lines[5].split()[:4] == ["k-means", "87.5", "±", "12.5*"]
    assert lines[6] == "  * above this run"
    (found,) = (line for line in lines if "k-means on the same frames" in line)
    assert found.startswith("warning: coffee, seeds 0, 1: ") and "asot-exact: " in found
    assert "--config.duration" in found


def test_no_mark_where_the_run_is_better(tmp_path):
    members = [member("coffee", 0)]
    right = {("coffee", "seed0", name): PEERS[0][name] for name in "ab"}
    write_peers(write_run(tmp_path, TRUTH, members, right), {0: PEERS[1]})
    text = "\n".join(summary_lines(run(tmp_path)))
    assert "k-means" in text and "*" not in text and "same frames" not in text


def test_a_split_is_scored_on_its_test_videos(tmp_path):
    members = [member("coffee", 0, test=["a"]), member("coffee", 1, test=["b"])]
    write_run(tmp_path, TRUTH, members, ONE)
    write_peers(tmp_path, {0: {"a": PEERS[0]["a"]}, 1: {"b": PEERS[1]["b"]}})
    mof = run(tmp_path)["protocols"]["asot-exact"]["baselines"]["kmeans"]["full"]["macro"]["mof"]
    assert mof["values"] == [100, 50]


def test_broken_labels_are_named(workdir):
    write_peers(workdir, PEERS | {1: {"a": [0, 0, 1, 2], "b": [0, 0, 0, 1]}})
    with pytest.raises(ValueError, match=r"kmeans,seed1/a\.txt: cluster 2 of a member with 2"):
        run(workdir)
