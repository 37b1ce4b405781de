"""A mistake on the command line or in a file: one line on stderr, exit status 2, no traceback."""

import numpy as np
import pytest
from label_folders import write_folder

from jaxseg.evaluation.__main__ import main

TRUTH = {"v1": ["SIL", "pour", "pour"], "v2": ["stir", "stir"]}
CLUSTERS = {"v1": [0, 1, 1], "v2": [2, 2]}


@pytest.fixture
def folders(tmp_path):
    write_folder(tmp_path / "truth", TRUTH)
    write_folder(tmp_path / "predictions", CLUSTERS)
    return tmp_path


def fails(capsys, argv):
    """The one line that the command leaves on stderr."""
    try:
        status = main([str(each) for each in argv])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    return captured.err


def sides(folder):
    return [
        "segmentation",
        f"--predictions={folder / 'predictions'}",
        f"--truth={folder / 'truth'}",
    ]


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("predictions/v2.txt", None, "predictions: no labels of video 'v2'"),
        ("truth/v2.txt", None, "truth: no labels of video 'v2'"),
        ("predictions/v2.txt", "2\n", "video 'v2' has 1 labels, the truth 2 (tolerance 0)"),
        ("predictions/v2.txt", "", "predictions/v2.txt: empty"),
        ("truth/v2.txt", "", "truth/v2.txt: empty"),
        ("truth/v2.txt", "stir\n\nstir\n", "truth/v2.txt: no label in line 2"),
        ("predictions/v2.txt", "2\n-2\n", "predictions: video 'v2': '-2' is no cluster number"),
        ("predictions/v2.txt", "2\n99999999999\n", "'99999999999' is no cluster number"),
        ("predictions/v2.npy", "2\n2\n", "video 'v2' is also in v2.npy"),
        ("predictions/v3.npy", "\x93NUMPY", "v3.npy: not a readable .npy array"),
        ("truth/v2.txt", "\udcff", "truth/v2.txt: byte 0 is not UTF-8; as Latin-1 line 1"),
    ],
)
def test_broken_labels(folders, capsys, name, contents, message):
    path = folders / name
    if contents is None:
        path.unlink()
    else:
        path.write_bytes(contents.encode("utf-8", "surrogateescape"))
    assert message in fails(capsys, sides(folders))


def test_missing_and_empty_folders(folders, capsys):
    argv = sides(folders)
    argv[1] = f"--predictions={folders / 'none'}"
    assert "none: no such folder" in fails(capsys, argv)
    (folders / "none").mkdir()
    assert "none: no label files" in fails(capsys, argv)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ("0 SIL\n1 pour\n", "truth: video 'v2': label 'stir' is not in the mapping"),
        ("0 SIL\n1 pour\n1 SIL\n", "mapping: line 3: duplicate name 'SIL'"),
        ("0\n", "mapping: line 1: not `index name`: '0'"),
        (None, "mapping: No such file"),
    ],
)
def test_broken_mappings(folders, capsys, contents, message):
    path = folders / "mapping"
    if contents is not None:
        path.write_text(contents)
    assert message in fails(capsys, [*sides(folders), f"--mapping={path}"])


def test_a_prediction_that_the_mapping_lacks(folders, capsys):
    (folders / "mapping").write_text("0 SIL\n1 pour\n2 stir\n")
    write_folder(folders / "predictions", {"v2": ["stir", "wait"]})
    message = fails(capsys, [*sides(folders), f"--mapping={folders / 'mapping'}"])
    assert "predictions: video 'v2': label 'wait' is not in the mapping" in message
    write_folder(folders / "predictions", {"v2": ["2", "7"]})
    options = [f"--mapping={folders / 'mapping'}", "--match=none"]
    assert "video 'v2': label '7' is not in the mapping" in fails(capsys, sides(folders) + options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol=asto"], "unknown protocol 'asto': choose from asot, asot-exact, cte"),
        (["--protocol=,"], "--protocol: nothing named: choose from asot, asot-exact"),
        (["--match=some"], "argument --match: invalid choice: 'some'"),
        (["--match=none"], "numbers, where the truth has names: --match=none needs --mapping"),
        (
            ["--exclude=silence"],
            "--exclude: no class 'silence' among SIL, pour, stir",
        ),
        (["--background=silence"], "--background: no class 'silence'"),
        (["--exclude=SIL,pour,stir"], "no frames to score"),
        (["--activities=none.txt"], "none.txt: No such file"),
        (["--splits=none.txt"], "none.txt: No such file"),
        (["--label-map=none.txt"], "none.txt: No such file"),
        (["--num-clusters=0"], "argument --num-clusters: '0' is no whole number from 1 on"),
        (["--seed=-1"], "argument --seed: '-1' is no whole number from 0 on"),
        (["--seed=x"], "argument --seed: 'x' is no whole number from 0 on"),
        (
            ["--length-tolerance=-1"],
            "argument --length-tolerance: '-1' is no whole number from 0 on",
        ),
        (["--json=/nowhere/x.json"], "cannot write /nowhere/x.json: No such file"),
        (["--color"], "unrecognized arguments: --color"),
    ],
)
def test_wrong_options(folders, capsys, monkeypatch, options, message):
    monkeypatch.chdir(folders)
    if "cannot write" in message:
        assert main([*sides(folders), *options]) == 2
        assert message in capsys.readouterr().err
    else:
        assert message in fails(capsys, sides(folders) + options)


def test_files_that_do_not_fit_the_videos(folders, capsys):
    (folders / "list").write_text("v1 a\n")
    option = f"--activities={folders / 'list'}"
    assert "video 'v2' has no activity" in fails(capsys, [*sides(folders), option])
    (folders / "split").write_text("v1\nv9\n")
    option = f"--splits={folders / 'split'}"
    assert "truth: no labels of video 'v9'" in fails(capsys, [*sides(folders), option])
    (folders / "map").write_text("SIL SIL\npour work\n")
    option = f"--label-map={folders / 'map'}"
    message = "truth: video 'v2': label 'stir' is not in the label map"
    assert message in fails(capsys, [*sides(folders), option])
    message = fails(capsys, [*sides(folders), option, "--label-map-order=after"])
    assert "class 'stir' is not in the label map" in message


def test_no_task_and_no_folder(capsys):
    assert "arguments are required: segmentation|localization" in fails(capsys, [])
    assert "invalid choice: 'segment'" in fails(capsys, ["segment"])
    assert "arguments are required: --predictions" in fails(capsys, ["segmentation", "--truth=x"])


def test_an_array_that_is_no_row_of_whole_numbers(folders, capsys):
    (folders / "predictions/v2.txt").unlink()
    np.save(folders / "predictions/v2.npy", np.array([1.0, np.nan]))
    assert "v2.npy: float64[2] instead of whole numbers" in fails(capsys, sides(folders))
