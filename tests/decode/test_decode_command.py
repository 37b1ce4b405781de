"""`python -m jaxseg.decode` from files to files, read back by the evaluator."""

import csv
import itertools
import json

import numpy as np
import pytest
from label_folders import read_folder
from scipy.io import savemat
from score_sets import CLASSES, LENGTHS, cells, score_set, truth, write_arrays, write_truth

from jaxseg.decode.__main__ import main
from jaxseg.evaluation.__main__ import main as evaluate

pytestmark = pytest.mark.usefixtures("quick_compile")

SCORES = score_set()


@pytest.fixture
def folder(tmp_path):
    """Scores and truth of four videos."""
    write_arrays(tmp_path / "scores", SCORES)
    write_truth(tmp_path / "truth")
    return tmp_path


def decode(folder, *options, scores="scores", out="out"):
    """What the command wrote: video -> labels."""
    argv = [f"--scores={folder / scores}", f"--out={folder / out}", *options]
    assert main(argv) == 0
    return read_folder(folder / out / "predictions")


def right(labels, videos=tuple(LENGTHS)):
    """Frames that agree with the truth."""
    pairs = ((np.array(labels[name], int), truth(LENGTHS[name])) for name in videos)
    return sum(np.count_nonzero(found == true) for found, true in pairs)


def accuracy(labels, videos):
    return pytest.approx(100 * right(labels, videos) / sum(LENGTHS[name] for name in videos))


def test_every_method(folder, capsys):
    found = {
        method: decode(folder, f"--method={method}", out=method)
        for method in ("argmax", "median", "viterbi", "fugw")
    }
    for name, scores in SCORES.items():
        assert found["argmax"][name] == [str(label) for label in scores.argmax(1)]
    for method in ("median", "viterbi", "fugw"):
        assert right(found[method]) > right(found["argmax"])
    assert "4 videos, 291 frames, 4 classes, probabilities" in capsys.readouterr().out
    config = json.loads((folder / "fugw/config.json").read_text())
    assert config["method"] == "fugw" and config["alpha"] == 0.6 and config["iterations"] == 25
    assert sorted(path.name for path in (folder / "fugw").iterdir()) == [
        "config.json",
        "predictions",
    ]


def test_window(folder):
    """A frame alone stays as it is."""
    alone = decode(folder, "--method=median", "--window=1")
    assert alone == decode(folder, "--method=argmax", out="argmax")


def test_logits_channels_first_say_what_probabilities_do(folder):
    logits = {name: np.log(each.T) + 7 for name, each in SCORES.items()}
    write_arrays(folder / "logits", logits)
    assert decode(folder) == decode(folder, "--kind=logits", scores="logits", out="other")


def test_similarities(folder):
    write_arrays(folder / "cosines", {name: 2 * each - 1 for name, each in SCORES.items()})
    found = decode(folder, "--kind=similarities", scores="cosines")
    assert right(found) > right(decode(folder, "--method=argmax", out="argmax"))


def test_names_of_classes(folder):
    (folder / "mapping").write_text("0 cut\n1 mix it\n2 serve\n3 wait\n")
    names = ["cut", "mix it", "serve", "wait"]
    found = decode(folder, f"--mapping={folder / 'mapping'}", "--method=argmax", "--segments=csv")
    for name, scores in SCORES.items():
        assert found[name] == [names[label] for label in scores.argmax(1)]
    with (folder / "out/segments.csv").open() as file:
        rows = list(csv.DictReader(file))
    for name in LENGTHS:
        own = [row for row in rows if row["video"] == name]
        labels = [row["class"] for row in own for _ in range(int(row["start"]), int(row["stop"]))]
        assert labels == found[name]
        assert all(one["class"] != other["class"] for one, other in itertools.pairwise(own))


def test_given_orders(folder):
    (folder / "order").write_text("0\n1\n0\n2\n")
    found = decode(folder, "--method=viterbi", f"--order={folder / 'order'}")
    for labels in found.values():
        assert [a for a, b in zip(labels, [*labels[1:], ""], strict=True) if a != b] == list("0102")
    (folder / "orders").mkdir()
    for name in LENGTHS:
        (folder / f"orders/{name}.txt").write_text("2\n" if name == "v2" else "0\n1\n2\n")
    found = decode(folder, "--method=viterbi", f"--order={folder / 'orders'}", out="out2")
    assert set(found["v2"]) == {"2"}
    assert set(found["v1"]) == {"0", "1", "2"}


def test_scores_before_and_after(folder, capsys):
    """The figures are those that the evaluator finds in the files."""
    decode(folder, f"--truth={folder / 'truth'}", "--background=0")
    printed = capsys.readouterr().out
    results = json.loads((folder / "out/evaluation.json").read_text())["results"]
    assert list(results) == ["argmax", "fugw"]
    decode(folder, "--method=argmax", out="argmax")
    for name, out in (("argmax", "argmax"), ("fugw", "out")):
        argv = [f"--predictions={folder / out / 'predictions'}", f"--truth={folder / 'truth'}"]
        argv += ["--protocol=mstcn", "--background=0", f"--json={folder / 'scores.json'}"]
        assert evaluate(["segmentation", *argv]) == 0
        (wanted,) = json.loads((folder / "scores.json").read_text())["results"]
        assert results[name]["metrics"] == wanted["metrics"]
        assert f"{wanted['metrics']['edit']:8.1f}" in printed
    assert results["fugw"]["metrics"]["f1@50"] > results["argmax"]["metrics"]["f1@50"]


def test_truth_of_other_videos_does_not_matter(folder):
    """Neither their labels nor their number; and a class is left out of F1 once."""
    options = [f"--truth={folder / 'truth'}", "--background=0,0", "--method=argmax"]
    decode(folder, *options)
    (folder / "truth/other.txt").write_text("stir\n")
    (folder / "truth/v0.txt").write_text("17\n2\n")
    decode(folder, *options, out="again")
    found, again = (
        json.loads((folder / f"{out}/evaluation.json").read_text()) for out in ("out", "again")
    )
    assert found == again
    assert found["results"]["argmax"]["exclude"]["background"] == ["0"]


def test_truth_in_cells_is_scored_by_split(folder):
    names = list(LENGTHS)
    (folder / "mat").mkdir()
    for split, chosen in (("1", names[:3]), ("2", names[3:])):
        # MATLAB writes doubles where nobody says otherwise.
        dtype = np.uint8 if split == "1" else np.float64
        labels = cells([truth(LENGTHS[name])[None].astype(dtype) for name in chosen])
        scores = cells([SCORES[name] for name in chosen])
        savemat(folder / f"mat/{split}.mat", {"S": scores, "Y": labels})
    found = decode(folder, f"--truth={folder / 'mat'}", scores="mat")
    assert found.keys() == {"1/01", "1/02", "1/03", "2/01"}
    result = json.loads((folder / "out/evaluation.json").read_text())["results"]["fugw"]
    assert result["average"] == "splits"
    one = decode(folder, f"--truth={folder / 'mat/1.mat'}", scores="mat/1.mat", out="one")
    assert [one[name[2:]] for name in found if name < "2"] == [found[name] for name in found][:3]


@pytest.mark.parametrize("method", ["argmax", "median", "viterbi", "fugw"])
def test_one_class_and_one_frame(tmp_path, method):
    write_arrays(tmp_path / "scores", {"one": np.ones((1, 1)), "two": np.ones((2, 1))})
    found = decode(tmp_path, "--classes=1", "--layout=frames-first", f"--method={method}")
    assert found == {"one": ["0"], "two": ["0", "0"]}


def test_a_radius_that_reaches_nobody_is_told(folder, capsys):
    """60 frames and a radius of a 62nd; the next video has 66."""
    decode(folder, "--radius=.01613")
    said = capsys.readouterr().out
    assert "radius of 0.01613 reaches no neighbor in 1 of 4 videos, 'v1' among them" in said
    decode(folder, "--radius=.02", out="other")
    assert "reaches no neighbor" not in capsys.readouterr().out


def test_one_file_and_its_truth(folder):
    options = ["--classes=4", f"--truth={folder / 'truth/v3.txt'}"]
    assert decode(folder, *options, scores="scores/v3.npy").keys() == {"v3"}


def test_lengths_may_differ_where_that_is_said(folder):
    path = folder / "truth/v1.txt"
    path.write_text(path.read_text() + "2\n2\n2\n")
    decode(folder, f"--truth={folder / 'truth'}", "--length-tolerance=3", "--report")
    with path.open("a") as file:
        file.write("2\n")
    argv = [f"--scores={folder / 'scores'}", f"--out={folder / 'more'}", "--length-tolerance=4"]
    assert main([*argv, f"--truth={folder / 'truth'}"]) == 2


def test_tuning(folder, capsys):
    """Half of the videos choose, the others are scored; the file gives the same decoding again."""
    grid = ["--alpha=0,.5", "--radius=.05", "--epsilon=.07", "--lambda-actions=.05,.1"]
    found = decode(folder, f"--truth={folder / 'truth'}", "--tune", *grid, "--report")
    tuned = json.loads((folder / "out/tuned.json").read_text())
    assert len(tuned["grid"]) == 4
    assert tuned["settings"]["alpha"] == 0.5
    assert sorted(tuned["tuned_on"] + tuned["held_out"]) == list(LENGTHS)
    evaluation = json.loads((folder / "out/evaluation.json").read_text())
    assert evaluation["videos"] == tuned["held_out"]
    argmax = {name: each.argmax(1) for name, each in SCORES.items()}
    assert accuracy(argmax, tuned["tuned_on"]) != accuracy(argmax, tuned["held_out"]).expected
    assert tuned["before"]["accuracy"] == accuracy(argmax, tuned["tuned_on"])
    for name, labels in (("argmax", argmax), ("fugw", found)):
        scored = evaluation["results"][name]["metrics"]["accuracy"]
        assert scored == accuracy(labels, tuned["held_out"])
    assert "4 settings tried on 2 videos: alpha 0.5" in capsys.readouterr().out
    again = decode(folder, f"--settings={folder / 'out/tuned.json'}", out="again")
    assert again == found
    other = decode(folder, f"--settings={folder / 'out/tuned.json'}", "--alpha=0", out="other")
    assert other == decode(folder, "--method=argmax", out="argmax")
    (row,) = (each for each in tuned["grid"] if each.items() >= tuned["settings"].items())
    assert row["accuracy"] == accuracy(found, tuned["tuned_on"])


def test_classes_that_no_frame_shows_are_classes(folder):
    """The truth of a video may lack classes, and the last one is in none."""
    labels = set((folder / "truth/v1.txt").read_text().split())
    assert labels == {"0", "1", "2"} and CLASSES == 4
    decode(folder, f"--truth={folder / 'truth'}", "--background=3", "--method=argmax")


def test_the_background_of_mstcn_is_left_out_by_default(folder):
    (folder / "mapping").write_text("0 background\n1 b\n2 c\n3 d\n")
    options = [f"--mapping={folder / 'mapping'}", f"--truth={folder / 'truth'}", "--method=argmax"]
    for out, more, expected in (("one", [], ["background"]), ("two", ["--background="], [])):
        decode(folder, *options, *more, out=out)
        evaluation = json.loads((folder / out / "evaluation.json").read_text())
        assert evaluation["results"]["argmax"]["exclude"]["background"] == expected
