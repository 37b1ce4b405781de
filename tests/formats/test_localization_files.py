"""Files of other programs of localization: recognized by content, read alike, or refused."""

import json
import pickle
import random

import numpy as np
import pytest

from jaxseg.formats.localization.files import read_pair, read_predictions, read_truth

VIDEO = "video_test_0000001"
RESULTS = {
    VIDEO: [
        {"label": "GolfSwing", "score": 0.875, "segment": [10.0, 14.0]},
        {"label": "Diving", "score": 0.25, "segment": [1.5, 2.0]},
    ],
    "video_test_0000002": [{"label": "Diving", "score": 0.5, "segment": [0.0, 3.0]}],
}
# (video, start, end, label, score) of each, and labels by ActionFormer's number.
ROWS = [
    (video, *item["segment"], item["label"], item["score"])
    for video, items in RESULTS.items()
    for item in items
]
NUMBERS = {"CliffDiving": 4, "Diving": 7, "GolfSwing": 9}
MAPPING = "".join(f"{number} {name}\n" for name, number in NUMBERS.items())


def rows_of(segments):
    """(video, start, end, label, score) of all segments, video by video."""
    columns = segments.video, segments.start, segments.end, segments.label, segments.score
    return [
        (segments.videos[video], start, end, segments.labels[label], score)
        for video, start, end, label, score in zip(*map(np.ndarray.tolist, columns), strict=True)
    ]


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def refused(read, *parts):
    """The one line of an error, which has the parts in it."""
    with pytest.raises(ValueError) as caught:
        read()
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert str(part) in text


def lines(separator, *names):
    """The detections as text; classes are numbers of THUMOS14's index where there are names."""
    numbers = {"GolfSwing": "33", "Diving": "26.0"} if not names else {}
    rows = [[video, f"{a}", f"{b}", numbers.get(c, c), f"{s}"] for video, a, b, c, s in ROWS]
    return "".join(separator.join(row) + "\n" for row in ([names] if names else []) + rows)


def actionformer(label=NUMBERS.get):
    """What ActionFormer dumps: a list of names beside arrays."""
    video, start, end, name, score = zip(*ROWS, strict=True)
    return {
        "video-id": list(video),
        "t-start": np.array(start, np.float32),
        "t-end": np.array(end, np.float32),
        "label": np.array([label(each) for each in name]),
        "score": np.array(score, np.float32),
    }


def mmaction():
    """What MMAction2 dumps: numbers that are NumPy's, names with v_, no classes."""
    return [
        {
            "video_name": f"v_{video}",
            "proposal_list": [
                {"score": item["score"], "segment": list(np.float64(item["segment"]))}
                for item in items
            ],
        }
        for video, items in RESULTS.items()
    ]


FORMATS = {
    "activitynet.json": json.dumps({"version": "1", "external_data": {}, "results": RESULTS}),
    "bare.json": json.dumps(RESULTS),
    "thumos14.txt": lines("  "),
    "tabs.txt": lines("\t"),
    "named.txt": lines(" ", "video", "start", "end", "class", "score"),
    "comment.txt": "# " + lines(" ", "video", "start", "end", "class", "score"),
    "opentad.csv": lines(",", "video-id", "t-start", "t-end", "label", "score"),
    "excel.csv": "\ufeff" + lines(";", "Video Name", "Start Time", "End Time", "Class", "Conf"),
    "names.pkl": pickle.dumps(actionformer(str)),
    "actionformer.pkl": pickle.dumps(actionformer()),
    "mmaction2.pkl": pickle.dumps(mmaction()),
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_detections_in_every_format(name, tmp_path):
    path = write(tmp_path / name, FORMATS[name])
    names = {number: name for name, number in NUMBERS.items()}
    found = rows_of(read_predictions(path, names if name == "actionformer.pkl" else None))
    assert found == [(*row[:3], "" if name == "mmaction2.pkl" else row[3], row[4]) for row in ROWS]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol(protocol, tmp_path):
    path = write(tmp_path / "eval_results.pkl", pickle.dumps(actionformer(str), protocol))
    assert rows_of(read_predictions(path)) == ROWS


def test_the_truth_names_the_numbers_of_classes(tmp_path):
    pickled = write(tmp_path / "eval_results.pkl", FORMATS["actionformer.pkl"])
    annotations = [
        {"label": name, "label_id": number, "segment": [1, 2]} for name, number in NUMBERS.items()
    ]
    database = {VIDEO: {"subset": "Test", "annotations": annotations}}
    truth = write(tmp_path / "thumos14.json", {"database": database})
    assert rows_of(read_pair(truth, pickled)[1]) == ROWS
    # A truth without numbers; a mapping; a truth whose labels are the numbers.
    for each in annotations:
        del each["label_id"]
    write(truth, {"database": database})
    refused(lambda: read_pair(truth, pickled), pickled, VIDEO, "label 9 is a number", "--mapping")
    mapping = write(tmp_path / "mapping.txt", MAPPING)
    assert rows_of(read_pair(truth, pickled, mapping=mapping)[1]) == ROWS
    write(mapping, "4 CliffDiving\n7 Diving\n")
    refused(lambda: read_pair(truth, pickled, mapping=mapping), "label 9", "from 4 to 7")
    for each in annotations:
        each["label"] = str(NUMBERS[each["label"]])
    write(truth, {"database": database})
    assert read_pair(truth, pickled)[1].labels == ("9", "7")


def test_lines_have_thumos14s_index_whatever_numbers_the_truth_has(tmp_path):
    annotations = [{"label": "BaseballPitch", "label_id": 33, "segment": [1, 2]}]
    truth = write(tmp_path / "t.json", {"database": {VIDEO: {"annotations": annotations}}})
    lines = write(tmp_path / "d.txt", f"{VIDEO} 1 2 7 0.5\n")
    assert read_pair(truth, lines)[1].labels == ("BaseballPitch",)
    # A truth of other classes has no such index.
    annotations[0]["label"] = "Long division"
    write(truth, {"database": {VIDEO: {"annotations": annotations}}})
    refused(lambda: read_pair(truth, lines), "line 1", "label 7 is a number", "--mapping")
    write(lines, f"{VIDEO} 1 2 33 0.5\n")
    assert read_pair(truth, lines)[1].labels == ("Long division",)


@pytest.fixture
def folder(tmp_path):
    """THUMOS14's own annotation of two classes, in the folder that its archive makes."""
    home = tmp_path / "TH14" / "annotation"
    write(home / "GolfSwing_test.txt", f"{VIDEO}  10.0 14.0\n")
    write(home / "GolfSwing_val.txt", "video_validation_0000266  72.8 76.4\n")
    write(home / "Diving_test.txt", f"{VIDEO} 1.5 2.0\nvideo_test_0000002 0 3\n\n")
    write(home / "Ambiguous_test.txt", f"{VIDEO} 20 25\n")
    write(home / "detclasslist.txt", "26 Diving\n33 GolfSwing\n")
    return home


def test_thumos14_annotation(folder):
    truth = read_truth(folder)
    assert rows_of(truth) == [
        (VIDEO, 20, 25, "Ambiguous", 1),
        (VIDEO, 1.5, 2, "Diving", 1),
        (VIDEO, 10, 14, "GolfSwing", 1),
        ("video_test_0000002", 0, 3, "Diving", 1),
        ("video_validation_0000266", 72.8, 76.4, "GolfSwing", 1),
    ]
    assert dict(zip(truth.videos, truth.subsets, strict=True)) == {
        VIDEO: "test",
        "video_test_0000002": "test",
        "video_validation_0000266": "val",
    }
    alone = read_truth(folder / "GolfSwing_test.txt")
    assert rows_of(alone) == [(VIDEO, 10, 14, "GolfSwing", 1)] and alone.subsets == ("test",)


def test_a_folder_that_holds_the_annotation(folder, tmp_path):
    assert len(read_truth(folder.parent).video) == 5
    # CASE's layout: the splits are no class files.
    for name in ("split_train.txt", "split_test.txt"):
        write(tmp_path / "case" / name, f"{VIDEO}\n")
    database = {VIDEO: {"annotations": [{"label": "a", "segment": [1, 2]}]}}
    write(tmp_path / "case/gt.json", {"database": database})
    assert rows_of(read_truth(tmp_path / "case")) == [(VIDEO, 1, 2, "a", 1)]


def test_files_of_other_subsets_are_not_opened(folder):
    write(folder / "Diving_val.txt", b"\xff\x00")
    assert read_truth(folder, "test").videos == (VIDEO, "video_test_0000002")
    refused(lambda: read_truth(folder), "Diving_val.txt")


def test_multithumos_names_no_subset_in_its_files(folder):
    for path in folder.glob("*_*.txt"):
        path.unlink()
    write(folder / "Run.txt", f"{VIDEO} 1 2\nvideo_validation_0000266 3 4\n")
    truth = read_truth(folder)
    assert (truth.labels, truth.subsets, truth.notes) == (("Run",), ("test", "val"), ())
    write(folder / "README.txt", "Times are in seconds.\n")
    write(folder / "splits.txt", f"{VIDEO}\n")
    again = read_truth(folder)
    assert rows_of(again) == rows_of(truth)
    assert again.notes == (
        "files that do not begin with `video start end`, passed over: README.txt, splits.txt",
    )


def test_truth_as_text(tmp_path):
    rows = [f"{VIDEO} 10 14 33\n", f"{VIDEO} 3 4 GolfSwing\n"]
    truth = read_truth(write(tmp_path / "truth.txt", "".join(rows)))
    assert rows_of(truth) == [(VIDEO, 10, 14, "GolfSwing", 1), (VIDEO, 3, 4, "GolfSwing", 1)]
    table = "video-id,t-start,t-end,label\na,1,2,Long jump\n"
    truth = read_truth(write(tmp_path / "truth.csv", table))
    assert rows_of(truth) == [("a", 1, 2, "Long jump", 1)]


def test_numbers_as_text_are_named_and_names_that_are_numbers_stay(tmp_path):
    """`label_id` or a mapping names 7, "7" and 7.0; a class that is called "7" is itself."""
    items = {"v": [{"label": label, "score": 1, "segment": [1, 2]} for label in (7, "7", 7.0)]}
    files = {
        "p.json": {"results": items},
        "p.csv": "video,start,end,label,score\n" + "v,1,2,7,1\n" * 3,
    }
    for names, wanted in (({7: "Run"}, "Run"), ({6: "7", 7: "8"}, "7")):
        for name, content in files.items():
            if wanted == "7" and name == "p.json":
                content = {"results": {"v": [items["v"][1]] * 3}}
            found = read_predictions(write(tmp_path / name, content), names)
            assert [row[3] for row in rows_of(found)] == [wanted] * 3


def test_columns_that_say_the_label_twice_or_in_no_cell(tmp_path):
    """AFSD's columns have a class by name and by number; a proposal has an empty cell."""
    for header, cells in (("type,type_idx", "Run,7"), ("label_id,label", "7,Run")):
        table = f"video,{header},start,end,startFrame\na,{cells},1,2,30\n"
        assert rows_of(read_truth(write(tmp_path / "t.csv", table))) == [("a", 1, 2, "Run", 1)]
    table = "video-id,t-start,t-end,label-id,score\na,1,2,9,.5\n"
    assert rows_of(read_predictions(write(tmp_path / "p.csv", table), {9: "Run"}))[0][3] == "Run"
    bare = write(tmp_path / "p.csv", "video-id,t-start,t-end,label,score\na,1,2,,.5\n")
    assert rows_of(read_predictions(bare)) == [("a", 1, 2, "", 0.5)]


def test_videos_with_and_without_v(tmp_path):
    item = {"label": "a", "segment": [1, 2]}
    for theirs, ours in (("abc", "v_abc"), ("v_abc", "abc")):
        truth = write(tmp_path / "t.json", {theirs: {"annotations": [item]}})
        predictions = write(tmp_path / "p.json", {"results": {ours: [item | {"score": 1}]}})
        assert read_pair(truth, predictions)[1].videos == (theirs,)


def test_what_fits_no_format(tmp_path, folder):
    truths, detections = "truth is ActivityNet's JSON", "detections are ActivityNet's JSON"
    for name, content, part in (
        ("README.md", "# What this is\n", detections),
        ("short.txt", "a 1 2\n", "swapped"),
        ("wrong.txt", "a 1 2 Run 0.5\nb 1 x Run 0.5\n", "line 2: end 'x'"),
        ("index.txt", "a 1 2 102 0.5\n", "label 102 is a number"),
        ("tem.csv", "action,start,end,tmin,tmax\n0.1,0.2,0.3,0,0.01\n", "before post-processing"),
        ("one.csv", "start,end,score\n1,2,0.5\n", "no column of the video"),
        ("twice.csv", "video,video-id,start,end,score\n", "'video' and 'video-id'"),
        ("cut.csv", "video,start,end,score\na,1,2\n", "line 2: 3 values under 4"),
        ("truth.json", {"database": {}}, "swapped"),
        ("list.json", [1, 2], detections),
        ("raw.pkl", pickle.dumps([{"video_name": "a", "bbox": 1}]), "'proposal_list'"),
        ("data.npz", b"PK\x03\x04", "an archive"),
        ("a.npy", b"\x93NUMPY", "one array"),
        ("odd.pkl", pickle.dumps(actionformer() | {"score": np.zeros(1)}), "different lengths"),
        ("frame.pkl", b"cpandas.core.frame\nDataFrame\n)R.", "refused: asks for pandas"),
    ):
        path = write(tmp_path / name, content)
        refused(lambda path=path: read_predictions(path), path, part)
    for name, content, part in (
        ("a/README.md", "# What this is\n", truths),
        ("a/scored.txt", "a 1 2 Run 0.5\n", "swapped"),
        ("a/results.json", {"results": {}}, "swapped"),
        ("a/results.pkl", FORMATS["names.pkl"], truths),
        ("a/Run_test.txt", "a 1 2\na 1 2 3\n", "in line 2 is no 'video start end'"),
    ):
        path = write(tmp_path / name, content)
        refused(lambda path=path: read_truth(path), path, part)
    refused(lambda: read_truth(tmp_path / "nowhere"), "No such file")
    write(tmp_path / "empty/x.dat", "")
    refused(lambda: read_truth(tmp_path / "empty"), "no annotation among x.dat", truths)
    refused(lambda: read_predictions(folder), "a folder; ", detections)
    write(tmp_path / "pgm/v_a.csv", "tmin,tmax,tmin_score,tmax_score,score\n0,1,1,1,1\n")
    refused(lambda: read_predictions(tmp_path / "pgm"), "a folder, v_a.csv", "output_format='json'")


VALUES = [b"NaN", b"-1", b"", b"null", b"1e999", b"[]", b'"', b"\x00", b"true"]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The bytes of a file with one to three faults."""
    for _ in range(rng.randint(1, 3)):
        at, other = (rng.randrange(len(content) + 1) for _ in range(2))
        rows = content.split(b"\n")
        rng.shuffle(rows)
        content = rng.choice(
            [
                content[:at],
                content[at:],
                content[:at] + rng.randbytes(1) + content[at + 1 :],
                content[:at] + rng.choice(VALUES) + content[other:],
                content[: max(at, other)] + content[min(at, other) :],
                b"\n".join(rows),
            ]
        )
    return content


DATABASE = {
    "a": {"subset": "train", "annotations": [{"label": "jump"}], "labels": ["run"]},
    "b": {"subset": 1, "duration": 9, "annotations": [{"label": "a", "segment": [1, 2]}]},
}
TRUTHS = {
    "truth.json": json.dumps({"database": DATABASE}),
    "truth.txt": f"{VIDEO} 10 14 33\n{VIDEO} 3 4 Diving\n",
    "truth.csv": "video-id,t-start,t-end,label\na,1,2,Long jump\nb,0,7.5,3\n",
}


@pytest.mark.parametrize("name", [*FORMATS, *TRUTHS, "annotation"])
def test_a_damaged_file_is_read_or_refused_in_one_line(name, tmp_path, folder):
    rng, contents = random.Random(name), FORMATS | TRUTHS
    path = folder / "Diving_test.txt" if name == "annotation" else tmp_path / name
    whole = path.read_bytes() if path.exists() else write(path, contents[name]).read_bytes()
    for _ in range(1000):
        path.write_bytes(mutated(whole, rng))
        try:
            if name in FORMATS:
                found = read_predictions(path, {9: "a"})
            else:
                found = read_truth(folder if name == "annotation" else path)
        except ValueError as error:
            assert str(path) in str(error) and len(str(error).splitlines()) == 1
            assert len(str(error)) < 1000
        else:
            assert np.isfinite([found.start, found.end, found.score]).all()
            assert (found.end >= found.start).all()
