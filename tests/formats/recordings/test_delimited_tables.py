"""Tables of text: delimiter, decimal sign, header, clocks, and what is left out."""

import numpy as np
import pandas
import pytest
from mutations import survives

from jaxseg.formats.recordings.reader import is_foreign, read_recordings

ROWS = 40
VALUES = np.random.default_rng(0).normal(size=(ROWS, 3)).round(5)
SECONDS = np.arange(ROWS) / 30


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.csv"


def text(names=("x", "y", "z"), first=None, sep=",", decimal=".", last=None):
    """A table as people have it; `first` and `last` are columns of text."""
    rows = [[f"{value:.5f}".replace(".", decimal) for value in row] for row in VALUES]
    before = [[str(cell).replace(".", decimal)] for cell in first] if first else [[]] * ROWS
    after = [[str(cell)] for cell in last] if last else [[]] * ROWS
    rows = [a + b + c for a, b, c in zip(before, rows, after, strict=True)]
    lines = [sep.join(names)] if names else []
    return "\n".join(lines + [sep.join(row) for row in rows]) + "\n"


def read(path, content=None):
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert is_foreign(path)
    (recording,) = read_recordings(path).values()
    return recording


def clock(unit=1.0, digits=6, start=0.0):
    return [f"{start + second / unit:.{digits}f}" for second in SECONDS]


NAMES = ("time", "x", "y", "z")
# What the same numbers look like, and the rate and names that are to be read.
LOOKS = {
    "no header": (text(None), None, ()),
    "header": (text(), None, ("x", "y", "z")),
    "byte-order mark, Windows": ("\ufeff" + text().replace("\n", "\r\n"), None, ("x", "y", "z")),
    "seconds": (text(NAMES, clock()), 30.0, ("x", "y", "z")),
    "milliseconds": (text(("Time [ms]", *NAMES[1:]), clock(1e-3, 0)), 30.0, ("x", "y", "z")),
    "epoch": (text(("timestamp", *NAMES[1:]), clock(1e-3, 0, 1.7e12)), 30.0, ("x", "y", "z")),
    "Excel": ("sep=;\n" + text(NAMES, clock(), ";", ","), 30.0, ("x", "y", "z")),
    "tabs": (text(NAMES, clock(), "\t"), 30.0, ("x", "y", "z")),
    "blanks": (text(NAMES, clock(), "  "), 30.0, ("x", "y", "z")),
    "numpy.savetxt": ("# " + text(NAMES, clock(), " "), 30.0, ("x", "y", "z")),
    "frames": (text(("frame", *NAMES[1:]), range(ROWS)), None, ("x", "y", "z")),
    "index": (text(("", *NAMES[1:]), range(ROWS)), None, ("x", "y", "z")),
    "numbered": (text(("", "0", "1", "2"), range(ROWS)), None, ("0", "1", "2")),
    "R": (text(('"x"', '"y"', '"z"'), [f'"{k + 1}"' for k in range(ROWS)]), None, ("x", "y", "z")),
    "units": (text(NAMES, ["ms,g,g,g\n0", *clock(1e-3, 0)[1:]]), 30.0, ("x", "y", "z")),
    "preamble": (f"Subject,7\nDate,2024-03-01\n\n{text(NAMES, clock())}", 30.0, ("x", "y", "z")),
    "preamble, R": (
        f"Subject 7\nnote\n{text(NAMES[1:], range(ROWS), ' ')}",
        None,
        ("x", "y", "z"),
    ),
    "kinds": (text(NAMES, ["CAL,CAL,CAL,CAL\nms,g,g,g\n0", *clock(1e-3, 0)[1:]]), 30.0, NAMES[1:]),
    "words": (text((*NAMES, "who"), clock(), last=["me"] * ROWS), 30.0, ("x", "y", "z")),
    "labels": (text((*NAMES, "label"), clock(), last=range(ROWS)), 30.0, ("x", "y", "z")),
    "Empatica": (
        f"1711843200.0, 1711843200.0, 1711843200.0\n30.0, 30.0, 30.0\n{text(None)}",
        30.0,
        (),
    ),
    "end of row": (text((*NAMES, ""), clock(), last=[""] * ROWS), 30.0, ("x", "y", "z")),
    "dates": (
        text(NAMES, [f"2024-03-01 12:00:{10 + s:09.6f}" for s in SECONDS]),
        30.0,
        ("x", "y", "z"),
    ),
    "times of day": (text(NAMES, [f"12:00:{10 + s:09.6f}" for s in SECONDS]), 30.0, NAMES[1:]),
}


@pytest.mark.parametrize(("content", "fps", "names"), LOOKS.values(), ids=LOOKS)
def test_the_same_numbers_whatever_they_look_like(path, content, fps, names):
    recording = read(path, content)
    np.testing.assert_array_equal(recording.array, VALUES)
    assert (recording.fps, recording.channels) == (fps, names)


@pytest.mark.parametrize("options", [{}, {"index": False}, {"sep": ";", "decimal": ","}])
def test_what_pandas_writes(path, options):
    frame = pandas.DataFrame(VALUES, columns=["x", "y", "z"])
    frame.to_csv(path, **options)
    np.testing.assert_array_equal(read(path).array, VALUES)
    indexed = frame.set_index(pandas.to_datetime(SECONDS, unit="s", origin=1.7e9).rename("time"))
    indexed.reset_index().to_csv(path, **options)
    recording = read(path)
    np.testing.assert_array_equal(recording.array, VALUES)
    assert recording.fps == 30.0


def test_one_column_of_decimal_commas(path):
    recording = read(path, "x\n" + "".join(f"0,{k}\n" for k in range(10, 20)))
    np.testing.assert_allclose(recording.array[:, 0], np.arange(10, 20) / 100)


def test_text_with_a_header_is_a_table_and_without_one_is_none(tmp_path):
    path = tmp_path / "a.txt"
    assert read(path, text(NAMES, clock(), " ")).fps == 30.0
    for other in (text(None, sep=" "), "walk\nrun\n", "", "\x93NUMPY\n1"):
        path.write_text(other)
        assert not is_foreign(path)


def test_a_column_called_t_that_does_not_rise_is_a_feature(path):
    recording = read(path, text(("t", "y", "z")))
    np.testing.assert_array_equal(recording.array, VALUES)


def test_what_is_left_out_is_named(path):
    content = text(("", *NAMES[1:], "who"), range(ROWS), last=["me"] * ROWS)
    assert read(path, content).notes == (
        "columns that are no features are left out: 1 (an index), who",
    )


@pytest.mark.parametrize("name", ["id", "Subject", "participant_id", "trialNo"])
def test_ids_are_no_features(path, name):
    recording = read(path, text((name, *NAMES[1:]), [7] * ROWS))
    assert recording.channels == NAMES[1:] and f"{name} (an id)" in recording.notes[0]
    assert read(path, text((name, "y", "z"))).channels == (name, "y", "z")  # no whole numbers


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda s: np.where(s > 0.5, s + 2, s), ["1 of 39 steps are gaps", "2.033 s", "row 17"]),
        (lambda s: np.where(s > 0.5, s - 0.3, s), ["runs backwards at row 17"]),
        (lambda s: s + 0.012 * (np.arange(ROWS) % 2), ["% of its steps are uneven"]),
    ],
)
def test_uneven_time_is_told_and_the_rate_stays(path, change, parts):
    recording = read(path, text(NAMES, [f"{s:.6f}" for s in change(SECONDS)]))
    assert recording.fps == pytest.approx(30, rel=0.02)
    assert recording.array.shape == (ROWS, 3)
    for part in [*parts, "nothing is resampled"]:
        assert part in recording.notes[-1]


def test_a_clock_that_starts_anew_and_one_that_is_rounded(path):
    restarts = [f"{second:.3f}" for second in np.tile(SECONDS[:10], 4)]
    recording = read(path, text(NAMES, restarts))
    assert recording.fps == 30.0 and recording.array.shape == (ROWS, 3)
    assert "runs backwards 3 times, first at row 11" in recording.notes[-1]


def test_a_time_that_does_not_rise_is_told(path):
    recording = read(path, text(("timestamp", "y", "z")))
    assert "called like a time but does not rise" in recording.notes[0]


def test_missing_frames_are_told(path):
    numbers = [k + 5 * (k > 10) for k in range(ROWS)]
    recording = read(path, text(("Frame", *NAMES[1:]), numbers))
    assert recording.fps is None and "5 frames are missing" in recording.notes[-1]


def test_a_time_of_no_unit_gives_no_rate_and_says_what_to_do(path):
    recording = read(path, text(NAMES, clock(1e-3, 0)))
    assert recording.fps is None and "time_ms" in recording.notes[-1]
    ticks = [3_000_000_000 + 16667 * k for k in range(ROWS)]  # not since 1970
    recording = read(path, text(("SampleTimeFine", *NAMES[1:]), ticks))
    assert recording.fps is None and "steps by 16667" in recording.notes[-1]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (text().replace(text().split("\n")[7], "1,,2"), ["row 7, column 'y': empty", "fill"]),
        (text().replace(text().split("\n")[7], "1,bad,2"), ["row 7, column 'y'", "'bad'"]),
        (text().replace(text().split("\n")[7], "1,inf,2"), ["row 7, column 'y': not finite"]),
        (text().replace(text().split("\n")[7], "1,2,3,4"), ["line 8 has 4 cells, not 3"]),
        (text().replace("\n", "\n\n", 1), ["line 2: empty line"]),
        ("time,who\n0.1,a\n0.2,b\n", ["no column of features: time, who"]),
        ("a,b\n", ["a header and no rows"]),
        ("frame,who,x\n1,1,3\n1,2,4\n2,1,5\n2,2,5\n", ["column 'frame' has several rows"]),
        ("x,y,who\n,,me\n1,2,me\n2,3,me\n", ["row 1, column 'x': empty"]),
        ("", ["empty"]),
        (text().encode("utf-16"), ["UTF-16"]),
    ],
)
def test_what_cannot_be_used_is_told_by_row_and_column(path, content, parts):
    with pytest.raises(ValueError) as error:
        read(path, content)
    message = str(error.value)
    assert len(message.splitlines()) == 1
    for part in [path, *parts]:
        assert str(part) in message


@pytest.mark.parametrize("look", ["Excel", "words", "dates", "blanks"])
def test_mutated_tables(path, look):
    path.write_bytes(LOOKS[look][0].encode())
    assert survives(path, 40, read_recordings) > 0


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_a_thousand_mutated_tables(path, look):
    path.write_bytes(LOOKS[look][0].encode())
    assert survives(path, 1000, read_recordings, seed=1) > 0
