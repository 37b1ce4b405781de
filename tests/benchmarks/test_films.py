"""Generated films: their plans, and pictures that move as the truth says."""

import csv
import itertools

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("cv2")

from benchmarks import films
from benchmarks.films import ACTIONS, FPS, Part
from jaxseg.features.video.frames import VideoFile


def part(action, seconds):
    return Part(action, seconds, period=1.0, width=1.0, phase=0.0)


def test_movements_recur_in_no_fixed_order():
    plans = [films.plan([0, number]) for number in range(20)]
    for parts in plans:
        names = [each.action for each in parts]
        assert all(a != b for a, b in itertools.pairwise(names))
    assert {each.action for parts in plans for each in parts} == set(ACTIONS)
    assert films.plan([0, 3]) == plans[3] != films.plan([1, 3])


def test_arms_go_over_from_one_movement_to_the_next():
    poses = np.array(list(films.poses([part("rest", 2.0), part("wave", 2.0)])))
    assert poses.shape == (4 * FPS, 4)
    assert np.abs(np.diff(poses, axis=0)).max() < 0.4  # no jump
    raised = poses[:, 2] > 1.05  # half way to the raised arm
    assert (
        np.flatnonzero(raised)[0] == pytest.approx(2 * FPS, abs=1) and raised[2 * FPS + 1 :].all()
    )


def test_pictures_show_who_moves_and_who_rests():
    parts = [part("rest", 1.0), part("hammer", 1.0)]
    pictures = np.stack([*films.draw(parts, [0, 0])]).astype(float)
    assert pictures.shape == (2 * FPS, films.HEIGHT, films.WIDTH, 3)
    change = np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3))
    assert change[FPS + 8 :].mean() > 1.1 * change[: FPS - 8].mean()


def test_a_film_and_its_truth(tmp_path, monkeypatch):
    monkeypatch.setattr(films, "plan", lambda seed: [part("clap", 1.2), part("lift", 1.0)])
    films.make(tmp_path, num_films=1)
    video = VideoFile(tmp_path / "film0.mp4")
    assert (video.width, video.height, video.source_fps) == (films.WIDTH, films.HEIGHT, FPS)
    assert video.duration == pytest.approx(2.2)
    with open(tmp_path / "groundTruth" / "film0.csv") as file:
        rows = [(float(r["start_s"]), float(r["end_s"]), r["label"]) for r in csv.DictReader(file)]
    assert rows == [(0, 1.2, "clap"), (1.2, 2.2, "lift")]
