"""The one picture for a paper of a run of either task, and the command that draws it."""

import shutil

import localization_runs
import numpy as np
import pytest

from jaxseg.report import read_run, write_picture
from jaxseg.report.__main__ import main
from jaxseg.report.drawing.colors import INK
from jaxseg.report.segmentation.painter import run_colors


def draw(*arguments) -> int:
    return main([*map(str, arguments)])


def picture(workdir, tmp_path, **options) -> str:
    path = write_picture(workdir, tmp_path / "picture.svg", **options)
    return path.read_text(encoding="utf-8")


def test_prediction_has_the_color_of_its_class(make_workdir, tmp_path):
    workdir = make_workdir()
    run = read_run(workdir)
    drawing = write_picture(workdir, tmp_path / "picture.svg", num_videos=1).read_text()
    colors = run_colors(run)
    # Each of the three classes is one run of the truth, one of the prediction, one legend entry.
    for name in run.classes[:3]:
        assert drawing.count(f"fill: {colors[name].lower()}") == 3, name


def test_svg_names_data_activity_video_and_classes(make_workdir, tmp_path):
    workdir = make_workdir(activities=("coffee", "tea"), generated=True)
    path = write_picture(workdir, tmp_path / "picture.svg", activity="tea")
    drawing = path.read_text()
    for words in ("kitchen, tea; generated data", "v0", "pour_milk", "coupling"):
        assert f"<!-- {words} -->" in drawing or words in drawing


def test_works_without_truth(make_workdir, tmp_path):
    workdir = make_workdir(labels=False, fps=5.0)
    drawing = write_picture(workdir, tmp_path / "picture.svg").read_text()
    assert "time" in drawing
    assert "<!-- truth -->" not in drawing


def test_unknown_activity_and_missing_couplings_are_one_sentence(make_workdir, tmp_path):
    workdir = make_workdir()
    with pytest.raises(ValueError, match="no activity 'tea' in my run; there is coffee"):
        write_picture(workdir, tmp_path / "p.png", activity="tea")
    with pytest.raises(ValueError, match="at least 1, got 0"):
        write_picture(workdir, tmp_path / "p.png", num_videos=0)
    (workdir / "couplings/coffee/seed0/v0.npz").unlink()
    with pytest.raises(ValueError, match="no couplings"):
        write_picture(workdir, tmp_path / "p.png")


def test_names_what_is_drawn(make_localization, tmp_path):
    drawing = picture(make_localization(generated=True), tmp_path)
    rows = ("attention", "clusters", "score map", "proposals", "truth", "time")
    for words in (*rows, "pool; generated data", "a", "b", "rgb", "flow", "dive"):
        assert f"<!-- {words} -->" in drawing, words


def test_a_name_is_no_formula(make_localization, tmp_path):
    workdir = make_localization()
    for path in (workdir / "dataset.json", workdir / "truth.json"):
        path.write_text(path.read_text().replace('"dive"', '"$d_1$"').replace('"a"', '"$x_{"'))
    for path in (workdir / "maps/seed0/a.npz", workdir / "predictions/seed0.json"):
        path.unlink()
    assert "<!-- $d_1$ -->" in picture(workdir, tmp_path)


def test_truth_is_where_its_seconds_are(make_localization, tmp_path):
    with_truth = picture(make_localization(), tmp_path, num_videos=1)
    assert with_truth.count(f"fill: {INK}") == len(localization_runs.TRUTH)


def test_rows_of_which_there_is_nothing_are_left_out(make_localization, tmp_path):
    workdir = make_localization()
    (workdir / "truth.json").unlink()
    shutil.rmtree(workdir / "predictions")
    kept = {name: localization_runs.arrays()[name] for name in ("map", "seconds", "video_scores")}
    np.savez(workdir / "maps/seed0/a.npz", **kept)
    drawing = picture(workdir, tmp_path)
    assert "<!-- score map -->" in drawing
    for words in ("attention", "clusters", "proposals", "truth"):
        assert f"<!-- {words} -->" not in drawing


def test_no_video_and_no_map_are_one_sentence(make_localization, tmp_path):
    workdir = make_localization()
    with pytest.raises(ValueError, match="at least 1, got 0"):
        picture(workdir, tmp_path, num_videos=0)
    shutil.rmtree(workdir / "maps")
    with pytest.raises(ValueError, match="my finds has no score maps to draw"):
        picture(workdir, tmp_path)


def test_the_command_draws_a_segmentation(make_workdir, tmp_path, capsys):
    workdir = make_workdir()
    assert draw(workdir) == 0
    assert (workdir / "report.html").exists()
    target = tmp_path / "p.png"
    assert draw(workdir, f"--picture={target}", "--activity=coffee") == 0
    assert target.exists()
    assert draw(tmp_path / "nowhere") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and "nowhere" in error


def test_the_command_draws_a_localization(make_localization, tmp_path, capsys):
    workdir = make_localization()
    assert draw(workdir) == 0
    assert "<h2>Clusters</h2>" in (workdir / "report.html").read_text(encoding="utf-8")
    target = tmp_path / "p.png"
    assert draw(workdir, f"--picture={target}", "--videos=1") == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert draw(workdir, f"--picture={target}", "--activity=coffee") == 2
    error = capsys.readouterr().err
    assert error == "error: no activity 'coffee' in my finds, a run of localization\n"
