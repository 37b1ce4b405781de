"""Parquet as pandas writes it."""

import numpy as np
import pandas
import pytest
from mutations import survives

from jaxseg.formats.recordings.reader import read_recordings

VALUES = np.random.default_rng(0).normal(size=(40, 3))
SECONDS = np.arange(40) / 30
FRAME = pandas.DataFrame(VALUES, columns=["x", "y", "z"])
FRAMES = {
    "plain": (FRAME, None),
    "time": (FRAME.assign(time=SECONDS), 30.0),
    "dates": (FRAME.set_index(pandas.to_datetime(SECONDS, unit="s")), 30.0),
    "durations": (FRAME.set_index(pandas.to_timedelta(SECONDS, unit="s")), 30.0),
    "named index": (FRAME.set_index(pandas.Index(SECONDS, name="t")), 30.0),
    "words": (FRAME.assign(who="me", kind=pandas.Categorical(["a"] * 40)), None),
    "lists": (pandas.DataFrame({"time": SECONDS, "e": list(VALUES)}), 30.0),
    "empty column": (FRAME.assign(nothing=np.nan), None),
    "nullable": (FRAME.astype("Float64"), None),
}


@pytest.mark.parametrize(("frame", "fps"), FRAMES.values(), ids=FRAMES)
def test_what_pandas_writes(tmp_path, frame, fps):
    path = tmp_path / "a.parquet"
    frame.to_parquet(path)
    recording = read_recordings(path)[""]
    np.testing.assert_array_equal(recording.array, VALUES)
    assert recording.fps == fps
    assert recording.channels == (("e.0", "e.1", "e.2") if "e" in frame else ("x", "y", "z"))


def test_an_empty_cell(tmp_path):
    path = tmp_path / "a.parquet"
    FRAME.assign(y=[*VALUES[:5, 1], None, *VALUES[6:, 1]]).to_parquet(path)
    with pytest.raises(ValueError, match=r"a\.parquet: row 6, column 'y': empty"):
        read_recordings(path)


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_mutated_files(tmp_path, count):
    path = tmp_path / "a.parquet"
    FRAMES["dates"][0].assign(who="me").to_parquet(path)
    survives(path, count, read_recordings)
