"""What a user can do wrong is one line with file and value, and leaves nothing behind."""

import contextlib
import shutil
import subprocess

import commands
import numpy as np
import pytest
import toy


@pytest.fixture
def root(tmp_path):
    """Good data with a mapping; the tests break it."""
    folder = toy.write_files(tmp_path / "mine")
    (folder / "mapping.txt").write_text("".join(f"{i} {n}\n" for i, n in enumerate(toy.CLASSES)))
    return folder


def complaint(root, *words: str, **overrides) -> str:
    """The error of a run on the data; neither a workdir nor anything beside it may appear."""
    workdir = root.parent / "runs" / "toy"
    result = commands.run(*commands.arguments(root, workdir, **overrides), *words)
    assert not workdir.parent.exists()
    return result.complaint


def check(text: str, *parts: object) -> None:
    assert all(str(part) in text for part in parts), text


def feature(root, name="soup/soup1"):
    return root / "features" / f"{name}.npy"


def edit(file, change) -> None:
    array = np.load(file)
    np.save(file, change(array))


def put(value):
    def change(array):
        array[3, 2] = value
        return array

    return change


def test_no_such_root(root):
    check(complaint(root.parent / "elsewhere"), root.parent / "elsewhere", "no such folder")


def test_an_activity_that_does_not_exist(root):
    check(complaint(root, activities="soup,salat"), "'salat'", "salad")


def test_truth_of_other_videos(root):
    for file in [*(root / "groundTruth").iterdir()]:
        file.rename(file.with_name(f"old_{file.name}"))
    check(complaint(root), root / "groundTruth", "no file is named after a recording", "salad1")


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda array: array[:0], ["empty", "(0, 6)"]),
        (put(np.nan), ["row 4, column 3", "nan"]),
        (put(np.inf), ["row 4, column 3", "inf"]),
        (lambda array: array[:, :5], ["1 of 5 videos do not have 6 channels", "(40, 5)"]),
        (lambda array: array[:-1], ["(39, 6)", "40 labels", "length_tolerance=0"]),
    ],
    ids=["empty", "nan", "infinity", "channels", "length"],
)
def test_features_that_cannot_be(root, change, parts):
    edit(feature(root), change)
    check(complaint(root), feature(root), *parts)


def test_channels_that_the_network_does_not_take(root):
    line = complaint(root, model__layers="(64,8,5)")
    check(line, "have 6 channels", "config.model.layers starts with 64")


def test_a_broken_line_of_text_features(root):
    array = np.load(feature(root))
    feature(root).unlink()
    file = feature(root).with_suffix(".txt")
    lines = [" ".join(map(str, row)) for row in array]
    lines[6] = "1 2 x 4 5 6"
    file.write_text("\n".join(lines) + "\n")
    check(complaint(root), file, "line 7", "'x'")


def test_an_unknown_label(root):
    file = root / "groundTruth/soup1.txt"
    file.write_text(file.read_text().replace("stir", "stirr", 1))
    check(complaint(root), file, "'stirr'", "'stir'")


def test_a_mapping_with_a_duplicate(root):
    (root / "mapping.txt").write_text("0 reach\n1 cut\n1 stir\n")
    check(complaint(root), root / "mapping.txt", "line 3", "duplicate index 1")


# The papers' way: numbers of the solver, and none of the actions in human terms.
BY_SHARES = {"duration": 0, "order": "", "solver__train__radius": 0.1, "solver__eval__radius": 0.1}
BY_SHARES |= {"solver__train__rho": 0.1, "solver__eval__rho": 0.1}


@pytest.mark.parametrize("clusters", [13, 40])
def test_more_clusters_than_frames(root, clusters):
    line = complaint(root, model__num_clusters=clusters, **BY_SHARES)
    check(line, "salad/salad0 has 12 frames", f"{clusters} clusters")


def test_no_number_of_clusters(root):
    line = complaint(root, model__num_clusters=0, **BY_SHARES)
    check(line, "'salad'", "config.model.num_clusters")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.num_clusters", 1),
        ("solver.train.epsilon", 0),
        ("solver.eval.epsilon", -0.1),
        ("solver.train.alpha", 1.5),
        ("solver.eval.alpha", -0.5),
        ("solver.train.radius", -1),
        ("seeds", 0),
        ("method", "asto"),
        ("predict.segments", "tsv"),
        ("evaluation.protocols", "mof"),
        ("sweep", "solver.train.alfa"),
        ("mesh.member", 7),
        ("data.name", "brekfast"),
    ],
)
def test_values_that_cannot_be(root, key, value):
    check(complaint(root, f"--config.{key}={value}"), key.split(".")[-1], value)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("--config.num_epoch=3", ["'num_epoch'", "nearest is num_epochs"]),
        ("--config.solver.train.epsilon_=3", ["nearest is solver.train.epsilon"]),
        ("--config.num_epochs=many", ["config.num_epochs", "'many'"]),
        ("--config.solver=3", ["'solver'"]),
        ("--mode=trian", ["trian", "train"]),
        ("--wordkir=x", ["wordkir", "workdir"]),
        ("train", ["'train'"]),
        ("--config=configs/asot_brekfast.py", ["configs/asot_brekfast.py"]),
    ],
)
def test_mistyped_words(root, word, parts):
    check(complaint(root, word), *parts)


def test_no_config():
    check(commands.run().complaint, "--config=FILE")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("def get_config(:", ["SyntaxError"]),
        ("import not_installed", ["not_installed"]),
        ("def get_config():\n    return {}['method']", ["KeyError", "method"]),
    ],
)
def test_a_config_file_that_does_not_run(tmp_path, text, parts):
    file = tmp_path / "mine.py"
    file.write_text(text)
    check(commands.run(f"--config={file}").complaint, file, *parts)


def test_a_file_where_the_workdir_should_be(root, tmp_path):
    (tmp_path / "taken").write_text("in the way")
    for workdir in (tmp_path / "taken", tmp_path / "taken" / "run"):
        result = commands.run(*commands.arguments(root, workdir))
        check(result.complaint, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "in the way"


@contextlib.contextmanager
def mounted(folder, options: str):
    """A file system of its own in memory, where this machine lets us."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_no_write_permission(root, tmp_path):
    with mounted(tmp_path / "disk", "ro") as disk:
        check(commands.run(*commands.arguments(root, disk / "run")).complaint, disk / "run")
        assert not list(disk.iterdir())


def check_full(result: commands.Result, disk) -> None:
    """One line beside the progress bars, with the file; nothing half-written."""
    assert result.status == 2
    (line,) = [text for text in result.err.splitlines() if "error" in text]
    assert line.startswith("error: ") and str(disk) in line and "no space left" in line.lower()
    assert not list(disk.rglob(".*"))


@pytest.mark.parametrize("size", [pytest.param("48k", marks=pytest.mark.slow), "350k"])
def test_a_disk_too_small_for_checkpoints(root, tmp_path, quick_compile, size):
    """For the first or for the second of them; more room is all that it takes to go on."""
    with mounted(tmp_path / "disk", f"size={size}") as disk:
        words = commands.arguments(root, disk / "run")
        result = commands.run(*words)
        check_full(result, disk)
        assert "cannot write checkpoint" in result.err
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert commands.run(*words).status == 0


def test_a_disk_that_is_full_at_any_stage(root, tmp_path, quick_compile):
    with mounted(tmp_path / "disk", "size=4m") as disk:
        words = commands.arguments(root, disk / "run")
        filler = disk / "filler"
        for stage in ("train", "predict", "evaluate", "report"):
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
            check_full(commands.run(*words, f"--mode={stage}"), disk)
            filler.unlink()
            assert commands.run(*words, f"--mode={stage}").status == 0
