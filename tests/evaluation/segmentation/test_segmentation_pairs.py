"""What the command says of files that do not fit together: notes beside the scores, or one line.

The cases are those of people who have reported them; the right values are counted by hand.
"""

import json
import re

import numpy as np
import pytest
from label_folders import write_folder

from jaxseg.evaluation.__main__ import main
from jaxseg.formats.labels import OWN_TABLES

LABELS = {"v1": ["SIL", "pour milk"] * 10, "v2": ["SIL", "stir"] * 10}


@pytest.fixture
def score(tmp_path, monkeypatch, capsys):
    """Scores folders `P` against `T`: (metrics by protocol, notes), or the one line of an error."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, fails: bool = False):
        argv = ["segmentation", "--predictions=P", "--truth=T", "--json=out.json", *options]
        try:
            status = main(argv)
        except SystemExit as stop:
            status = stop.code
        out, err = capsys.readouterr()
        assert status == (2 if fails else 0), err
        if fails:
            (line,) = err.splitlines()
            return line
        document = json.loads((tmp_path / "out.json").read_text())
        assert all(f"note: {note}\n" in out for note in document["notes"])
        return {each["protocol"]: each for each in document["results"]}, document["notes"]

    return run


def write(folder, labels):
    """A folder of label files; a key may have a suffix, a value may be lines, bytes or an array."""
    for name, each in labels.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(each, np.ndarray):
            np.save(path, each)
        elif isinstance(each, bytes):
            path.write_bytes(each)
        else:
            path.write_text("\n".join(map(str, each)) + "\n")


def result_file(*labels: str) -> bytes:
    return f"### Frame level recognition: ###\n{' '.join(labels)}".encode()


def test_background_is_left_out_as_the_program_does(score, tmp_path):
    """A true video of two actions between background, found with borders two frames off.

    Edit score and F1 of MS-TCN's own functions: 100 with their default, 80 and 88.9 without it.
    """
    truth = ["background"] * 4 + ["take"] * 8 + ["open"] * 8 + ["background"] * 4
    found = ["background"] * 4 + ["take"] * 6 + ["open"] * 10
    write(tmp_path / "T", {"v.txt": truth})
    write(tmp_path / "P", {"v": result_file(*found, *["background"] * 4)})
    for protocol in ("mstcn", "mstcn2"):
        results, notes = score(f"--protocol={protocol}")
        metrics = results[protocol]["metrics"]
        assert [metrics[key] for key in ("edit", "f1@10", "f1@25", "f1@50")] == [100] * 4
        assert results[protocol]["exclude"]["background"] == ["background"] and not notes
    same, _ = score("--protocol=mstcn,asot-exact", "--background=background")
    assert same["mstcn"]["metrics"] == score("--protocol=mstcn")[0]["mstcn"]["metrics"]
    # Background that only predictions have is left out of them, too.
    write(tmp_path / "P", {"v": result_file("background", *found[1:], *["open"] * 4)})
    write(tmp_path / "T", {"v.txt": ["take"] * 12 + ["open"] * 12})
    assert score("--protocol=mstcn")[0]["mstcn"]["metrics"]["edit"] == 100
    assert score("--protocol=mstcn", "--background=")[0]["mstcn"]["metrics"]["edit"] < 100


def test_nothing_behind_background_leaves_nothing_out(score, tmp_path):
    truth = ["background", "take", "background"]
    write(tmp_path / "T", {"v": truth})
    write(tmp_path / "P", {"v": ["take", "take", "background"]})
    results, _ = score("--protocol=mstcn", "--background=")
    assert results["mstcn"]["exclude"]["background"] == []
    assert results["mstcn"]["metrics"]["edit"] == pytest.approx(100 * (1 - 1 / 3), abs=1e-9)


def test_background_alone_is_scored_and_drawn(score, tmp_path):
    for side in ("T", "P"):
        write(tmp_path / side, {"v": ["background"] * 4})
    results, _ = score("--protocol=mstcn", "--report=page.html")
    assert set(results["mstcn"]["metrics"].values()) == {100}
    assert "100.0 %" in (tmp_path / "page.html").read_text()


def test_clusters_are_matched_with_the_background_that_a_protocol_has_of_its_own(score, tmp_path):
    """Nothing binds -1 to it: a cluster may be matched with it, and is left out of F1 then."""
    write(tmp_path / "T", {"v": ["background"] * 5 + ["take"] * 5})
    write(tmp_path / "P", {"v": [3] * 5 + [7] * 5})
    results, notes = score("--protocol=mstcn")
    assert results["mstcn"]["matching"] == {"all": {"3": "background", "7": "take"}}
    assert set(results["mstcn"]["metrics"].values()) == {100}
    assert any("--mapping=FILE --match=none" in note for note in notes)


def test_a_background_of_another_spelling_counts_and_is_noted(score, tmp_path):
    for side in ("T", "P"):
        write(tmp_path / side, {"v": ["Background", "take"]})
    results, (note,) = score("--protocol=mstcn")
    assert results["mstcn"]["classes"] == 2 and "--background=Background leaves it out" in note
    assert score("--protocol=mstcn", "--background=Background")[0]["mstcn"]["classes"] == 1
    # The program's own name on one side alone is left out there, and matches nothing.
    write(tmp_path / "P", {"v": ["background", "take"]})
    results, (unknown, same) = score("--protocol=mstcn")
    assert same == note and results["mstcn"]["metrics"]["accuracy"] == 50
    assert "'background' (1 frame in 1 video; the nearest is 'Background', which differs" in unknown
    for side in ("T", "P"):
        write(tmp_path / side, {"v": ["BG", "take"]})
    assert "--background=BG leaves it out" in score("--protocol=mstcn")[1][0]


@pytest.mark.parametrize(
    ("label", "how"),
    [
        ("Pour_Milk", "which differs in the case of letters"),
        ("pour milk", "which differs in blanks, dashes and the like"),
        ("pour-milk", "which differs in blanks, dashes and the like"),
        ("pour_mlik", ""),
    ],
)
def test_labels_that_match_nothing(score, tmp_path, label, how):
    """By hand: three of five frames are equal as text."""
    write(tmp_path / "T", {"v": ["SIL", "SIL", "pour_milk", "pour_milk", "SIL"]})
    write(tmp_path / "P", {"v": ["SIL", "SIL", label, label, "SIL"]})
    results, (note,) = score("--protocol=mstcn")
    assert results["mstcn"]["metrics"]["accuracy"] == 60
    assert f"{label!r} (2 frames in 1 video; the nearest is 'pour_milk'" in note and how in note
    (tmp_path / "mapping").write_text("0 SIL\n1 pour_milk\n")
    line = score("--protocol=mstcn", "--mapping=mapping", fails=True)
    assert f"P: video 'v': label {label!r} is not in the mapping; the nearest is" in line
    (tmp_path / "mapping").write_text(f"0 SIL\n1 {label}\n")
    line = score("--protocol=mstcn", "--mapping=mapping", fails=True)
    assert "T: video 'v': label 'pour_milk' is not in the mapping; the nearest is" in line


def test_another_vocabulary(score, tmp_path):
    write(tmp_path / "T", LABELS)
    write(tmp_path / "P", {name: [f"c{ord(each[0])}" for each in LABELS[name]] for name in LABELS})
    results, (note,) = score("--protocol=mstcn")
    assert results["mstcn"]["metrics"]["accuracy"] == 0
    assert note.startswith("3 of 3 predicted labels are no class of the truth")
    assert "nearest" not in note


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--exclude=sil"], "no class 'sil' among SIL, pour milk, stir; the nearest is 'SIL'"),
        (["--background=pour_milk"], "the nearest is 'pour milk', which differs in blanks"),
        (["--splits=upper"], "T: no labels of video 'V1'; the nearest is 'v1', which differs in"),
        (["--splits=films"], "T: no labels of video 'v1.avi' and 1 more of 2; the nearest is 'v1'"),
        (["--splits=folder"], "no labels of video 'gt/v1'; the nearest is 'v1', which differs in"),
        (["--activities=list"], "video 'v1' has no activity; the nearest is 'V1'"),
        (["--label-map=map"], "label 'pour milk' is not in the label map; the nearest is 'pour_"),
    ],
)
def test_names_of_options_that_match_nothing(score, tmp_path, options, message):
    for side in ("T", "P"):
        write(tmp_path / side, LABELS)
    write(tmp_path, {"upper": ["V1.txt"], "films": ["v1.avi", "v2.avi"], "folder": ["gt/v1.txt"]})
    write(tmp_path, {"list": ["V1 a", "v2 b"], "map": ["SIL x", "pour_milk y", "stir z"]})
    assert message in score(*options, fails=True)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ({"V1": 20, "v2": 20}, "T: no labels of video 'V1'; the nearest is 'v1', which differs"),
        ({"v1.mp4.txt": 20, "v2": 20}, "the nearest is 'v1.mp4', which differs in its suffix"),
        (
            {"v1": 20},
            "P: no labels of video 'v2'; to score one split's videos alone, name the list",
        ),
        ({"v1": 20, "v2": 20, "v3": 2}, "T: no labels of video 'v3'; to score one split's videos"),
        ({"a/v1": 20, "b/v1": 20, "v2": 20}, "P: video 'v1' is in several of its folders (a/v1, b"),
        ({"a": 9, "b": 9}, "no labels of video 'a' and 1 more of 4; there is v1, v2"),
    ],
)
def test_videos_of_one_side(score, tmp_path, predictions, message):
    write(tmp_path / "T", LABELS)
    write(tmp_path / "P", {name: ["SIL"] * count for name, count in predictions.items()})
    assert message in score(fails=True)


def test_only_videos_of_a_split_are_read(score, tmp_path):
    """Files of other videos may be broken, doubled or no files at all."""
    write(tmp_path / "T", LABELS | {"empty": b""})
    write(tmp_path / "P", {"v1": LABELS["v1"], "x/v3": b"", "y/v3": b"\xff", "z.npy": b"x"})
    (tmp_path / "P" / "link").symlink_to("nowhere")
    (tmp_path / "split").write_text("v1.txt\n")
    results, _ = score("--protocol=mstcn", "--splits=split")
    assert results["mstcn"]["videos"] == 1 and results["mstcn"]["metrics"]["accuracy"] == 100
    (tmp_path / "two").write_text("v1.txt\nv2.txt\n")
    line = score("--splits=split,two", fails=True)
    assert "P: no labels of video 'v2': name only those --splits whose videos are all there" in line
    # A name with its folder is the same file.
    (tmp_path / "split").write_text("s/v2\n")
    for side in ("T", "P"):
        write(tmp_path / side, {"s/v2": LABELS["v2"], "t/v2": b""})
    assert score("--splits=split")[0]["asot-exact"]["frames"] == 20


def test_mappings_from_1_and_with_background_below_0(score, tmp_path):
    write(tmp_path / "T", LABELS)
    (tmp_path / "m").write_text("1 pour milk\n4 stir\n-1 SIL\n")
    index = {"pour milk": 1, "stir": 4, "SIL": -1}
    write(tmp_path / "P", {name: [index[each] for each in LABELS[name]] for name in LABELS})
    results, _ = score("--protocol=mstcn", "--mapping=m", "--match=none")
    assert set(results["mstcn"]["metrics"].values()) == {100}
    write(tmp_path / "P", {"v1": [0] * 20})
    line = score("--protocol=mstcn", "--mapping=m", "--match=none", fails=True)
    assert "label '0' is not in the mapping, whose indices are -1 to 4" in line


@pytest.mark.parametrize(
    ("predicted", "message"),
    [
        (
            result_file("pour", "milk", "stir"),
            "labels with blanks do not fit MS-TCN's result files",
        ),
        (b"pour_milk stir\n", "looks transposed: the only line of P/v has 2 labels; write one a"),
        (b"0,1,1,0\n", "looks transposed: the only line of P/v has 4 labels"),
        (
            b"frame,label\n0,pour\n1,milk\n",
            "looks like a table: 'frame,label' in P/v; a line has the label",
        ),
        (b"stir\nstir\nstir\n", "1 video of another length, by up to 1: --length-tolerance=1 cuts"),
        (
            b"stir\n" * 30,
            "no tolerance goes beyond 5 % of a video: labels of another rate, 15 times",
        ),
    ],
)
def test_unequal_lengths(score, tmp_path, predicted, message):
    write(tmp_path / "T", {"v": ["pour milk", "stir"]})
    write(tmp_path / "P", {"v": predicted})
    assert message in score("--protocol=mstcn", fails=True)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((1, 20), int), "looks transposed: a matrix of one row or column; save"),
        (np.zeros((20, 1), int), "looks transposed: a matrix of one row or column; save"),
        (np.zeros((3, 20)), "looks transposed: frame scores [classes, frames]? Labels are"),
        (
            np.zeros((20, 3)),
            "looks like frame scores [frames, classes]: labels are array.argmax(axi",
        ),
        (np.zeros(20), "float64[20] instead of whole numbers [frames]; save array.astype(int)"),
        (np.array([True, False]), "bool[2] instead of whole numbers [frames]; save array.astype"),
    ],
)
def test_arrays_of_another_shape(score, tmp_path, array, message):
    write(tmp_path / "T", {"v": ["SIL"] * 20})
    write(tmp_path / "P", {"v.npy": array})
    assert message in score(fails=True)


def test_numbers_that_other_programs_write(score, tmp_path):
    """3 as 3.000000e+00, by NumPy's savetxt; a row of scores is no label."""
    write(tmp_path / "T", {"v": ["a", "b", "c"] * 4})
    (tmp_path / "P").mkdir()
    np.savetxt(tmp_path / "P/v.txt", np.array([0, 1, 12] * 4))
    assert score()[0]["asot-exact"]["metrics"]["mof_pooled"] == 100
    np.savetxt(tmp_path / "P/v.txt", np.eye(12, 3))
    assert "is a row of numbers and no label: frame scores?" in score(fails=True)


def test_a_file_that_is_no_labels(score, tmp_path):
    write(tmp_path / "T", LABELS | {"README.md": ["truth of two videos"]})
    write(tmp_path / "P", LABELS)
    assert "or is T/README.md no file of labels?" in score(fails=True)


def test_arrays_of_names(score, tmp_path):
    write(tmp_path / "T", LABELS)
    write(tmp_path / "P", {f"{name}.npy": np.array(each) for name, each in LABELS.items()})
    assert set(score("--protocol=mstcn")[0]["mstcn"]["metrics"].values()) == {100}


def test_a_tolerance_says_what_it_cuts(score, tmp_path):
    write(tmp_path / "T", {"v1": ["a"] * 40, "v2": ["a"] * 43, "v3": ["b"] * 9})
    write(tmp_path / "P", {"v1": [0] * 40, "v2": [0] * 41, "v3": [1] * 10})
    results, (note,) = score("--length-tolerance=9")
    assert results["asot-exact"]["frames"] == 40 + 41 + 9
    assert note == "2 of 3 videos were cut at their end: labels of 'v2' 2 true, 'v3' 1 predicted"
    write(tmp_path / "P", {"v2": [0] * 40})
    line = score("--length-tolerance=9", fails=True)
    assert "'v2' has 40 labels, the truth 43 (tolerance 9); no tolerance goes beyond 5 %" in line


def test_exchanged_folders(score, tmp_path):
    write(tmp_path / "T", {"v": [0, 1]})
    write(tmp_path / "P", {"v": ["a", "b"]})
    _, (note,) = score()
    assert "T looks like predictions: it has numbers, where P has names ('a', 'b')" in note
    line = score("--protocol=mstcn", fails=True)
    assert "looks like predictions" in line and "give --mapping" in line
    write(tmp_path / "T", {"v": result_file("a", "b")})
    assert "its files have the header of MS-TCN's results" in score()[1][0]


def test_own_output_is_own_input(score, tmp_path):
    """A run's folder, its parts and a decoding's folder, with every table beside the labels."""
    write_folder(tmp_path / "T", LABELS)
    member = tmp_path / "run/predictions/tea/seed0"
    write_folder(member, {name: [len(each) for each in LABELS[name]] for name in LABELS})
    for end in OWN_TABLES:
        (member / f"v1{end}").write_bytes(b"\x00 a table")
    for name in ("config.json", "members.json"):
        (tmp_path / "run" / name).write_text("{}")
    found = []
    for path in ("run", "run/predictions", "run/predictions/tea", "run/predictions/tea/seed0"):
        (tmp_path / "P").unlink(missing_ok=True)
        (tmp_path / "P").symlink_to(path)
        results, _ = score(f"--predictions={path}")
        found.append(results["asot-exact"]["metrics"])
    assert found == [found[0]] * 4 and found[0]["mof_pooled"] == 100
    # Videos of one name in two activities are told apart as the truth does.
    write_folder(tmp_path / "run/predictions/coffee/seed0", {"v1": [3] * 20})
    write_folder(tmp_path / "U/tea", LABELS)
    write_folder(tmp_path / "U/coffee", {"v1": ["SIL"] * 20})
    results, _ = score("--predictions=run", "--truth=U")
    assert results["asot-exact"]["metrics"]["mof_pooled"] == 100
    # The same folder as the truth is not scored against itself.
    assert "holds no truth" in score("--predictions=run", "--truth=run", fails=True)
    write_folder(tmp_path / "run/truth/tea", LABELS)
    write_folder(tmp_path / "run/truth/coffee", {"v1": ["SIL", "stir"] * 10})
    results, _ = score("--predictions=run", "--truth=run")
    assert set(results["asot-exact"]["activities"]) == {"coffee", "tea"}
    assert results["asot-exact"]["activities"]["coffee"]["mof"] == 50
    # Of several seeds one has to be named.
    write_folder(tmp_path / "run/predictions/tea/seed1", {"v1": [3] * 20})
    line = score("--predictions=run", fails=True)
    assert re.search("2 seeds or variants of 'tea' .*name the folder of one, .*tea/seed0", line)
    # A table without labels beside it is nobody's own.
    (tmp_path / "U/tea/v3.csv").write_text("SIL\n")
    assert "no labels of video 'v3.csv'" in score("--truth=U/tea", "--predictions=T", fails=True)
