"""What looks wrong and is scored as it is: notes with counts, and what to do."""

import copy
import json
import re
from pathlib import Path

import pytest
from localization_reference import database, detections

from jaxseg.data.localization.activitynet import read_v13
from jaxseg.evaluation.localization.evaluate import evaluate_localization
from jaxseg.evaluation.localization.matching import repeated, thin
from jaxseg.evaluation.localization.protocols import find_protocol
from jaxseg.formats.detections import select_subset, truth_segments

DATA = Path(__file__).resolve().parents[3] / "../shared/data"

TRUTH = database(
    ("v", "pour milk", 2, 10),
    ("v", "stir", 30, 50),
    ("w", "pour milk", 5, 9),
    ("w", "stir", 20, 40),
)


def notes(truth, results, pattern, protocol="anet", **options):
    """The notes that a pattern finds."""
    found = evaluate_localization(truth, results, protocol=protocol, **options)["notes"]
    return [note for note in found if re.search(pattern, note)]


def found(**changes):
    """Detections of all of TRUTH, changed: `label`, `video`, `time` are functions."""
    keep = {"label": str, "video": str, "time": float} | changes
    rows = [
        (keep["video"](video), keep["label"](item["label"]), *map(keep["time"], item["segment"]), 1)
        for video, entry in TRUTH.items()
        for item in entry["annotations"]
    ]
    return detections(*rows)


def test_nothing_is_noted_of_what_is_as_it_should_be():
    assert evaluate_localization(TRUTH, found())["notes"] == []
    long = {video: entry | {"duration": 60.0} for video, entry in TRUTH.items()}
    assert evaluate_localization(long, found())["notes"] == []


@pytest.mark.parametrize("spell", ["Pour Milk", "pour_milk", "POUR-MILK", "pourmilk", "pour milks"])
def test_a_label_spelled_otherwise_is_noted_with_the_nearest(spell):
    results = found(label=lambda name: {"pour milk": spell}.get(name, name))
    assert notes(TRUTH, results, "without truth") == [
        f"predictions of classes without truth: 2, not in the mAP: {spell} (truth has 'pour milk')"
    ]


def test_another_vocabulary_is_noted_with_that_of_the_truth():
    results = found(label=lambda name: {"pour milk": "7", "stir": "12"}[name])
    assert notes(TRUTH, results, "without truth") == [
        "predictions of classes without truth: 4, not in the mAP: 7, 12;"
        " the classes of the truth are pour milk, stir"
    ]


def test_a_class_of_another_subset_is_spelled_right():
    train = {"x": {"subset": "train", "annotations": [{"label": "stir it", "segment": [0, 9]}]}}
    results = found() | detections(("w", "stir it", 0, 9, 1))
    assert notes(TRUTH | train, results, "without truth", subset="test") == [
        "predictions of classes without truth: 1, not in the mAP: stir it"
    ]


@pytest.mark.parametrize("spell", ["v_{}", "{}.mp4", "test/{}", "{} "])
def test_a_video_named_otherwise_is_noted_with_the_one_that_is_meant(spell):
    results = found(video=lambda name: spell.format(name) if name == "w" else name)
    named = spell.format("w")
    assert notes(TRUTH, results, "does not have") == [
        f"predicted videos that the truth does not have: 1 of 2: {named} (truth has 'w')"
    ]
    assert notes(TRUTH, results, "with truth and") == [
        "videos with truth and without predictions: 1 of 2: w"
    ]
    with pytest.raises(ValueError, match="have to be equal") as caught:
        evaluate_localization(TRUTH, found(video=spell.format))
    assert f"is {spell.format('v')!r} its 'v'?" in str(caught.value)


def test_predictions_of_another_subset_alone_are_told():
    train = {"x": {"subset": "train", "annotations": [{"label": "stir", "segment": [0, 9]}]}}
    with pytest.raises(ValueError, match="they are of the subset 'train'"):
        evaluate_localization(TRUTH | train, detections(("x", "stir", 0, 9, 1)), subset="test")
    both = found() | detections(("x", "stir", 0, 9, 1))
    assert notes(TRUTH | train, both, "another subset", subset="test") == [
        "predicted videos of another subset, 'train': 1 of 3: x"
    ]
    bare = {video: {"annotations": entry["annotations"]} for video, entry in TRUTH.items()}
    with pytest.raises(ValueError, match="no subset 'test': no video has one; leave --subset out"):
        evaluate_localization(bare, found(), subset="test")


def lasting(seconds):
    return {video: entry | {"duration": seconds} for video, entry in TRUTH.items()}


def test_what_ends_after_its_video_is_counted():
    results = found(time=lambda time: time + 2)
    assert notes(lasting(45), results, "after their video") == [
        "true segments that end more than 0.5 s after their video: 1 of 4, taken as they are;"
        " one at 50 s in v, which lasts 45 s",
        "predictions that end more than 0.5 s after their video: 1 of 4, taken as they are;"
        " one at 52 s in v, which lasts 45 s",
    ]
    assert notes(lasting(51.9), results, "after their video") == []
    assert notes(TRUTH, results, "after their video") == []


UNIT = "all times have to be in seconds"


def scaled(truth, factor):
    """The truth with other times."""

    def times(item):
        return item | {"segment": [factor * time for time in item["segment"]]}

    return {v: one | {"annotations": [*map(times, one["annotations"])]} for v, one in truth.items()}


@pytest.mark.parametrize("rate", [10, 25, 29.97, 60, 1000])
@pytest.mark.parametrize("seconds", [None, 50])
def test_predictions_in_another_unit_are_told(rate, seconds):
    results = found(time=lambda time: time * rate)
    truth = TRUTH if seconds is None else lasting(seconds)
    # v has its last segment at 50 s, w at 40 s.
    times = f"{rate if seconds is None else 0.9 * rate:,.0f}"
    limit = "last true segment" if seconds is None else "end"
    unit = "milliseconds" if rate == 1000 else "frames"
    assert notes(truth, results, UNIT) == [
        f"predictions lie after the {limit} of their video for the most part, in the median"
        f" {times} times as late: {unit} for seconds?; {UNIT}"
    ]


@pytest.mark.parametrize("seconds", [None, 50])
def test_truth_in_frames_is_told(seconds):
    truth = scaled(TRUTH if seconds is None else lasting(seconds), 25)
    (note,) = notes(truth, found(), UNIT)
    assert note.startswith("true segments lie after the") and "frames" in note
    assert (" 25 times" if seconds is None else " 22 times") in note


def test_shares_of_the_length_and_minutes_are_told():
    (note,) = notes(TRUTH, found(time=lambda time: time / 50), UNIT)
    assert note.startswith("predictions all end by 1: they look like shares of a video's length;")
    (note,) = notes(scaled(TRUTH, 1 / 50), found(), UNIT)
    assert note.startswith("true segments all end by 1")
    (note,) = notes(scaled(TRUTH, 10), found(time=lambda time: time / 6), UNIT)
    assert "60 times as late" in note and "in minutes?" in note


def test_labels_without_a_time_are_not_scored():
    bare = {"x": {"subset": "test", "annotations": [{"label": "stir"}]}}
    assert notes(TRUTH | bare, found(), "no time") == [
        "videos with labels that have no time: 1, 1 of them with no others; predictions of them: 0,"
        " taken out"
    ]
    with pytest.raises(ValueError, match="can be learned from, not scored"):
        evaluate_localization(bare, found())


def test_what_begins_before_0_is_counted():
    results = found(time=lambda time: time - 4)
    assert notes(TRUTH, results, "before 0") == [
        "predictions that begin before 0: 1 of 4, taken as they are; the earliest at -2 s in v"
    ]
    truth = database(("v", "stir", -1, 9))
    assert evaluate_localization(truth, detections(("v", "stir", -1, 9, 1)))["map"] == [100] * 7
    assert notes(truth, found(), "before 0")[0].startswith("true segments that begin before 0: 1")


def test_repeated_truth_counts_and_is_noted_but_where_it_is_dropped():
    # ActivityNet's program gives 33.33 and OpenTAD's 100.
    truth = database(("v", "jump", 10, 14), ("v", "jump", 10, 14), ("v", "jump", 20, 20))
    results = detections(("v", "jump", 10, 14, 0.9))
    for protocol, score, fate in (("anet", 100 / 3, "each counts"), ("anet-opentad", 100, "drop")):
        result = evaluate_localization(truth, results, protocol=protocol, tiou=[0.5])
        assert result["map"] == pytest.approx([score], abs=1e-9)
        again, empty = (
            [note for note in result["notes"] if kind in note] for kind in ("repeat", "length 0")
        )
        assert all("1 of 3, " + fate in note for note in (*again, *empty)) and again and empty
    assert notes(truth, results, "repeat", "wtalc") and notes(truth, results, "repeat", "th14")
    with pytest.raises(ValueError, match="no true segment that lasts, which anet-opentad needs"):
        evaluate_localization(database(("v", "jump", 20, 20)), results, protocol="anet-opentad")


def test_repeated_means_both_ends_within_a_millisecond_of_one_that_is_kept():
    rows = [
        ("v", "a", 1.0, 2.0),
        ("v", "a", 1.0009, 2.0),  # repeats the first
        ("v", "a", 1.0018, 2.0),  # only the second is that near, and it is not kept
        ("v", "b", 1.0, 2.0),
        ("w", "a", 1.0, 2.0),
        ("v", "a", 1.0, 2.0011),
        ("v", "a", 1.0005, 2.0005),
        ("v", "a", 3.0, 3.0),
        ("v", "a", 3.0, 3.0),  # of length 0 both
        ("v", "a", 5.0, 5.0005),
    ]
    segments = truth_segments(database(*rows))
    again = {
        (segments.videos[v], segments.labels[label], start, end)
        for v, label, start, end, mask in zip(
            *segments[4:8], repeated(segments).tolist(), strict=True
        )
        if mask
    }
    assert again == {rows[1], rows[6]}
    result = evaluate_localization(
        database(*rows), detections(("v", "a", 1, 2, 1)), protocol="anet-opentad"
    )
    assert result["truths"] == 6
    assert any("shorter than 0.001 s: 1;" in note for note in result["notes"])


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_what_opentad_drops_of_activitynet():
    truth = select_subset(read_v13(DATA / "activitynet")[0], "validation")
    kept, _ = thin(truth, find_protocol("anet-opentad"))
    # As OpenTAD's program counts them: 3 are empty, 19 repeated.
    assert (len(truth.video), int(repeated(truth).sum()), len(kept.video)) == (7293, 19, 7271)


def test_truth_labeled_as_ambiguous_is_no_class():
    truth = database(
        ("v", "stir", 0, 10), ("v", "Ambiguous", 20, 30), ("w", "stir", 0, 10), subset="test"
    )
    results = detections(
        ("v", "stir", 21, 29, 0.9), ("v", "stir", 0, 10, 0.8), ("w", "stir", 0, 10, 0.7)
    )
    for protocol, score in (("anet", 200 / 3), ("anet-snip", 100), ("rskp", 100), ("th14", 100)):
        result = evaluate_localization(truth, results, protocol=protocol, tiou=[0.5])
        assert result["map"] == pytest.approx([score], abs=1e-9), protocol
        assert (result["truths"], list(result["classes_ap"])) == (2, ["stir"])
        assert "true segments labeled as ambiguous: 1, no class" in result["notes"]
        assert not [note for note in result["notes"] if "no ambiguous intervals" in note]


VALUES = [None, -1, 1e308, float("nan"), True, "", "3", "a\nb", [], [2, 1], {}, {"label": "x"}]


def places(value, place=()):
    """The places of all values in an object of JSON."""
    yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*place, key))


def replaced(whole, place, value):
    """The object with another value in that place."""
    if not place:
        return value
    whole = copy.deepcopy(whole)
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return whole


@pytest.mark.parametrize("side", ["truth", "predictions"])
def test_a_wrong_value_anywhere_is_scored_or_told_in_one_line(side):
    files = {"truth": lasting(60), "predictions": found()}
    for place in places(files[side]):
        for value in VALUES:
            changed = files | {side: replaced(files[side], place, value)}
            try:
                result = evaluate_localization(*changed.values(), subset="test", proposals=True)
            except ValueError as error:
                message = str(error)
                assert len(message.splitlines()) == 1 and len(message) < 500
                assert message.startswith(("truth", "predictions"))
                if len(place) > 1:
                    assert place[0] in message
            else:
                json.dumps(result, allow_nan=False)
