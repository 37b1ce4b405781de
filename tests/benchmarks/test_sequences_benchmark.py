"""The benchmark on sequences: its peers against brute force and on clear cases, and its table."""

import itertools
import json

import numpy as np
import pytest
import toy
from scipy.stats import multivariate_normal

from benchmarks import harness, sequences
from benchmarks.peers import hmm, twfinch
from benchmarks.peers.programs import PEERS, kmeans_start, thinned
from jaxseg.data.segmentation.video import Video


def small_models(rng) -> hmm.Models:
    """Two models of two states in two dimensions."""
    roots = rng.standard_normal((2, 2, 2, 2))
    return hmm.Models(
        start=np.array([[0.3, 0.7], [0.5, 0.5]]),
        moves=np.array([[[0.8, 0.2], [0.4, 0.6]], [[0.5, 0.5], [0.1, 0.9]]]),
        means=rng.standard_normal((2, 2, 2)),
        covariances=roots @ np.swapaxes(roots, -1, -2) + 0.5 * np.eye(2),
    )


def paths(models: hmm.Models, model: int, frames: np.ndarray) -> dict[tuple[int, ...], float]:
    """Probability density of every path together with the frames."""
    start, moves, means, covariances = (each[model] for each in models)
    found = {}
    for path in itertools.product(range(2), repeat=len(frames)):
        density = start[path[0]] * np.prod([moves[pair] for pair in itertools.pairwise(path)])
        for state, frame in zip(path, frames, strict=True):
            density *= multivariate_normal(means[state], covariances[state]).pdf(frame)
        found[path] = density
    return found


def test_hmm_agrees_with_the_sum_over_all_paths():
    rng = np.random.default_rng(0)
    models, videos = small_models(rng), [rng.standard_normal((length, 2)) for length in (5, 3)]
    chain = hmm.make_chain(videos)
    assert chain.index.shape == (5, 2)
    improved, likelihoods = hmm.improve(chain, models)
    frames = np.concatenate(videos)
    for model in range(2):
        densities = [paths(models, model, video) for video in videos]
        total = np.prod([sum(each.values()) for each in densities])
        assert likelihoods[model] == pytest.approx(np.log(total) / 8)
        shares = np.zeros((8, 2))
        for first, each in zip((0, 5), densities, strict=True):
            for path, density in each.items():
                shares[np.arange(len(path)) + first, path] += density / sum(each.values())
        means = shares.T @ frames / shares.sum(axis=0)[:, None]
        np.testing.assert_allclose(improved.means[model], means, rtol=1e-6)
        best = max(densities[0], key=densities[0].get)
        emissions = hmm.log_densities(chain, models)[:5, model]
        path = hmm.viterbi(emissions, models.start[model], models.moves[model])
        assert tuple(path.tolist()) == best


def test_hmm_finds_states_that_last():
    """Under noise that single frames do not see through; in pieces, as in one."""
    rng = np.random.default_rng(1)
    truth = [np.repeat(rng.permutation(np.repeat(np.arange(3), 3)), 60) for _ in range(4)]
    looks = 1.5 * np.eye(3, 6)
    videos = [looks[each] + rng.standard_normal((len(each), 6)) for each in truth]
    first, again = (hmm.segment(videos, 3, [0, 1], kmeans_start) for _ in range(2))
    joined = np.concatenate(truth)
    for run, same in zip(first, again, strict=True):
        labels = np.concatenate(run)
        counts = np.zeros((3, 3))
        np.add.at(counts, (labels, joined), 1)
        assert counts.max(axis=1).sum() > 0.97 * len(joined)
        assert (counts.argmax(axis=1)[:, None] != counts.argmax(axis=1)).sum() == 6
        np.testing.assert_array_equal(labels, np.concatenate(same))


def test_hmm_of_frames_that_are_all_alike():
    (labels,) = hmm.segment([np.r_[np.zeros((9, 2)), np.ones((9, 2))]], 4, [0], kmeans_start)
    assert len(labels[0]) == 18 and len(set(labels[0][:9]) | set(labels[0][9:])) >= 2


def test_twfinch_finds_actions_that_come_once(monkeypatch):
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), [30, 50, 20, 40])
    frames = 8 * np.eye(4, 5)[truth] + rng.standard_normal((140, 5))
    labels = twfinch.segment(frames, 4)
    assert len({(a, b) for a, b in zip(labels, truth, strict=True)}) == 4
    monkeypatch.setattr(twfinch, "CHUNK", 17)
    np.testing.assert_array_equal(twfinch.segment(frames, 4), labels)
    for count in (2, 7, 140, 200):
        assert len(set(twfinch.segment(frames, count).tolist())) == min(count, 140)


def test_twfinch_weighs_by_time():
    """The same look at both ends of a sequence is two clusters before the middle is one of them."""
    frames = np.repeat([[0.0], [1.0], [0.0]], 20, axis=0) + np.linspace(0, 0.01, 60)[:, None]
    assert len(set(twfinch.segment(frames, 3).tolist())) == 3


def test_long_data_are_thinned():
    frames = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(thinned(frames, 2), [[1, 2], [5, 6], [8, 9]])
    assert thinned(frames, 1) is not None and (thinned(frames, 1) == frames).all()


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_labels_every_frame_of_every_seed(name, monkeypatch):
    monkeypatch.setattr("benchmarks.peers.programs.MOST_FRAMES", {"HMM": 20, "TW-FINCH": 15})
    videos = toy.make_data().activities["salad"]
    assert all(isinstance(video, Video) for video in videos)
    runs = PEERS[name](videos, 3, 2)
    assert len(runs.activity) == 2
    for run in [*runs.activity, *runs.video]:
        assert [len(labels) for labels in run] == [video.num_frames for video in videos]
        assert {int(label) for labels in run for label in labels} <= {0, 1, 2}


@pytest.fixture
def without_runs(monkeypatch):
    """Runs of jaxseg write scores that are made up: 90 % told, 50 % on auto."""
    commands = []

    def run_main(*arguments, config, workdir):
        commands.append(arguments)
        level = 90.0 if any("duration" in word for word in arguments) else 50.0

        def table(value):
            return {part: {"macro": dict.fromkeys(("mof", "f1", "miou"), value)} for part in parts}

        parts = ("full", "per_video")
        entry = {
            "results": [table({"values": [level - 1, level + 1]})],
            "baselines": {"equal_split": table(40.0), "kmeans": table({"values": [55.0, 57.0]})},
        }
        workdir.mkdir(parents=True)
        scores = {"protocols": {sequences.PROTOCOL: entry}}
        (workdir / "evaluation.json").write_text(json.dumps(scores))

    monkeypatch.setattr(harness, "run_main", run_main)
    return commands


def test_table_figure_and_numbers(without_runs, tmp_path, capsys):
    root, out = toy.write_files(tmp_path / "kitchen"), tmp_path / "out"
    words = [str(root), "--seeds=2", "--order=kitchen=shared", f"--out={out}"]
    assert sequences.main(words) == 0
    auto, told = without_runs
    assert "--config.model.num_clusters=4" in auto and "--config.seeds=2" in auto
    # 130 frames are 20 segments.
    assert {"--config.duration=6.5", "--config.order=shared"} == {*told} - {*auto}
    text = capsys.readouterr().out
    lines = [line.split("  ")[0] for line in text.splitlines()]
    programs = [name for name in sequences.PROGRAMS if name != "one class"]
    assert [line for line in lines if line in programs] == programs
    assert "5 sequences, 130 frames, 6 channels, K = 4" in text
    assert (out / "sequences.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "sequences.md").read_text().count("| jaxseg, told | 90.0 ± 1.0 |") == 1
    rows = json.loads((out / "sequences.json").read_text())["rows"]
    assert [row["program"] for row in rows] == programs
    scores = {row["program"]: row["F1"]["mean"] for row in rows}
    assert scores["k-means, as scaled"] == 56 and scores["k-means"] > 60  # it is an easy one


def test_verdict_counts_the_scores_in_which_jaxseg_leads():
    def row(program, *means):
        scores = {"std": 1.0, "values": [1.0, 2.0]}
        pairs = zip(sequences.MAIN, means, strict=True)
        return {"program": program} | {column: scores | {"mean": mean} for column, mean in pairs}

    rows = [row("jaxseg, auto", 50, 40, 30), row("one class", 60, 9, 9), row("HMM", 45, 42, 29.9)]
    assert sequences.verdict(rows, "jaxseg, auto") == (
        "jaxseg, auto: 2 of 3, above all rivals in MoF, mIoU; in F1 HMM is 2.0 (± 1.0) above."
    )


def test_mistakes_are_named(without_runs, tmp_path, capsys):
    root = toy.write_files(tmp_path / "kitchen", labels=False)
    for word, message in (
        ("--actions=house=3", "'house' is none of the folders: kitchen"),
        ("--actions=kitchen", "'kitchen' is not NAME=VALUE"),
        ("--order=kitchen=odd", "'odd' is not shared or free"),
        ("--seeds=1", "some sequences have no labels in groundTruth/"),
    ):
        try:
            status = sequences.main([str(root), word, f"--out={tmp_path / 'out'}"])
        except SystemExit as stop:
            status = stop.code
        assert status == 2 and message in capsys.readouterr().err
