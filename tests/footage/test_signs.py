"""Videos joined of recordings of signs: their segments, their pictures, and the truth of both."""

import csv
import itertools
import json
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from configs import asot_videos
from jaxseg.features.video.frames import VideoFile
from jaxseg.footage import signs
from jaxseg.footage.signs import CLIPS, FPS, SPEEDS, Segment

ROOT = Path(__file__).resolve().parents[2]
PERSON = "asl_signer_3"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One short video of each person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signs, "SEGMENTS", (4, 4))
        return signs.make(tmp_path_factory.mktemp("made"), num_videos=1)


def test_no_sign_follows_itself_and_all_recur():
    names = ["a", "b", "c", "d"]
    plans = [signs.plan(names, [0, 0, number]) for number in range(20)]
    for segments in plans:
        shown = [segment.sign for segment in segments]
        assert all(a != b for a, b in itertools.pairwise(shown))
        assert 14 <= len(shown) <= 20 and set(shown) == set(names)
        assert min(Counter(shown).values()) >= 2
        assert all(SPEEDS[0] <= segment.speed <= SPEEDS[1] for segment in segments)
    assert signs.plan(names, [0, 0, 3]) == plans[3] != signs.plan(names, [1, 0, 3])


def test_pictures_are_those_of_the_recordings_at_their_speeds(made):
    plan = [Segment(**each) for each in json.loads((made / "segments.json").read_text())[name()]]
    clips = {sign: pictures(CLIPS / PERSON / f"{sign}.mkv") for sign in {s.sign for s in plan}}
    times, found = zip(*timed(made / f"{name()}.mp4"), strict=True)
    expected = [picture for segment in plan for picture in clips[segment.sign]]
    assert len(found) == len(expected)
    assert all(map(np.array_equal, found, expected))
    steps = [1 / (FPS * segment.speed) for segment in plan for _ in clips[segment.sign]]
    np.testing.assert_allclose(times, np.cumsum([0, *steps[:-1]]), atol=1e-3)


def test_the_truth_has_the_borders_in_seconds_and_fills_the_video(made):
    plan = [Segment(**each) for each in json.loads((made / "segments.json").read_text())[name()]]
    with open(made / "groundTruth" / f"{name()}.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [segment.sign for segment in plan]
    for row, segment in zip(rows[:-1], plan, strict=False):
        count = len(signs.read_clip(CLIPS / PERSON / f"{segment.sign}.mkv"))
        seconds = float(row["end_s"]) - float(row["start_s"])
        assert seconds == pytest.approx(count / (FPS * segment.speed), abs=2e-4)
    assert all(a["end_s"] == b["start_s"] for a, b in itertools.pairwise(rows))
    video = VideoFile(made / f"{name()}.mp4")
    end = float(rows[-1]["end_s"])
    assert sum(1 for _ in video.resampled(15, height=16)) == pytest.approx(15 * end, abs=1e-6)


def test_what_is_there_is_not_made_again(made):
    before = (made / f"{name()}.mp4").stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signs, "SEGMENTS", (4, 4))
        signs.make(made, num_videos=1)
    assert (made / f"{name()}.mp4").stat().st_mtime_ns == before


def test_the_config_knows_how_many_signs_each_person_shows():
    counts = {person: len(shown) for person, shown in signs.people().items()}
    assert dict(asot_videos.get_config().model.clusters_by_activity) == counts


def test_they_are_small_named_and_installed():
    files = [path for path in CLIPS.rglob("*") if path.is_file()]
    assert len(files) == 16 and sum(path.stat().st_size for path in files) < 2_900_000
    text = (CLIPS / "ATTRIBUTION.md").read_text()
    for part in ("intel-iot-devkit/sample-videos", "Intel Corporation", "licenses/by/4.0"):
        assert part in text
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    package = CLIPS.parent
    installed = {p for each in settings["package-data"]["jaxseg.data"] for p in package.glob(each)}
    assert set(files) <= installed


def name():
    return f"{PERSON}/signs0"


def timed(path):
    import av

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [(frame.time, frame.to_ndarray(format="gray")) for frame in frames]


def pictures(path):
    return [picture for _, picture in timed(path)]
