"""The benchmark of videos: its scores from a run's files, its table, its arguments."""

import json

import numpy as np
import pytest

from benchmarks import harness, videos
from benchmarks.sequences import spread

TRUTH = {"tea": ["a"] * 6 + ["b"] * 6, "soup": ["c"] * 4 + ["d"] * 8}
FOUND = {"tea": [1] * 7 + [0] * 5, "soup": [0] * 12}
FPS = 4.0


@pytest.fixture
def workdir(tmp_path):
    """Files of a run of two activities with a video and a seed each."""
    for activity in TRUTH:
        for folder, labels in (
            ("truth", TRUTH),
            ("predictions", FOUND),
            ("peers", TRUTH),
        ):
            below = {"truth": "", "predictions": "seed0", "peers": "kmeans,seed0"}[folder]
            path = tmp_path / folder / activity / below / "one.txt"
            path.parent.mkdir(parents=True)
            path.write_text("".join(f"{label}\n" for label in labels[activity]))
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "features.json").write_text(json.dumps({"fps": FPS}))
    members = [{"activity": name, "seed": 0, "num_clusters": 2} for name in TRUTH]
    (tmp_path / "members.json").write_text(json.dumps(members))
    scores = {"full": {"macro": {"mof": 50.0, "f1": 40.0, "miou": 30.0}}}
    values = {"full": {"macro": {key: {"values": [70.0]} for key in ("mof", "f1", "miou")}}}
    entry = {"results": [values], "baselines": dict.fromkeys(videos.PEERS, scores)}
    (tmp_path / "evaluation.json").write_text(json.dumps({"protocols": {videos.PROTOCOL: entry}}))
    return tmp_path


def test_scores_of_a_run_and_of_its_peers(workdir):
    rows = {row["program"]: row for row in videos.score(workdir, "ASOT, auto", peers=True)}
    assert list(rows) == ["ASOT, auto", "equal split", "one class", "k-means"]
    assert rows["ASOT, auto"]["MoF"]["mean"] == 70 and rows["k-means"]["mIoU"]["mean"] == 30
    borders = {name: row[videos.BOUNDARIES]["mean"] for name, row in rows.items()}
    # One border of two is found, a frame late; those of equal parts are within two frames.
    assert borders["ASOT, auto"] == pytest.approx(100 * 2 / 3)
    assert borders["k-means"] == borders["equal split"] == 100 and borders["one class"] == 0
    assert [row[videos.SEGMENTS] for row in rows.values()] == [1.5, 2, 1, 2]
    assert [*(row["program"] for row in videos.score(workdir, "told", peers=False))] == ["told"]


def test_the_mean_of_true_segments(tmp_path):
    table = tmp_path / "groundTruth" / "tea" / "one.csv"
    table.parent.mkdir(parents=True)
    table.write_text("start_s,end_s,label\n0.0,2.0,a\n2.0,6.0,b\n")
    assert videos.mean_segment(tmp_path) == 3


def test_the_table_names_the_kinds_of_features():
    rows = [
        {"videos": name, "features": kind, "program": program, "seconds": 5.0, "segments": 3.0}
        | dict.fromkeys(("MoF", "F1", "mIoU", videos.BOUNDARIES), spread([mean, mean + 2]))
        for name, mean in (("signs", 40.0), ("films", 60.0))
        for kind in ("motion", "image")
        for program in ("ASOT, auto", "k-means")
    ]
    text = "\n".join(harness.as_text(videos.report({"seeds": 2, "rows": rows})))
    assert "41.0 ± 1.0" in text and "61.0 ± 1.0" in text
    assert "motion 51.0, image 51.0" in text
    assert np.count_nonzero([line.startswith("motion") for line in text.splitlines()]) == 4


def test_what_is_not_known_is_one_line(capsys):
    with pytest.raises(SystemExit):
        videos.main(["--kinds=motion,hog"])
    assert "'hog' is none of motion, image, motion+image" in capsys.readouterr().err
