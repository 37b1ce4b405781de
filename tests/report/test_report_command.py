"""The one picture for a paper, and the command that draws it."""

import sys

import pytest

from jaxseg.report import read_run, write_picture
from jaxseg.report.__main__ import main
from jaxseg.report.segmentation.videos import run_colors


def draw(monkeypatch, *arguments) -> int:
    monkeypatch.setattr(sys, "argv", ["report", *map(str, arguments)])
    return main()


def test_prediction_has_the_colour_of_its_class(make_workdir, tmp_path):
    workdir = make_workdir()
    run = read_run(workdir)
    drawing = write_picture(workdir, tmp_path / "picture.svg", num_videos=1).read_text()
    colours = run_colors(run)
    # Each of the three classes is one run of the truth, one of the prediction, one legend entry.
    for name in run.classes[:3]:
        assert drawing.count(f"fill: {colours[name].lower()}") == 3, name


def test_svg_names_data_activity_video_and_classes(make_workdir, tmp_path):
    workdir = make_workdir(activities=("coffee", "tea"), generated=True)
    path = write_picture(workdir, tmp_path / "picture.svg", activity="tea")
    drawing = path.read_text()
    for words in ("kitchen, tea; generated data", "v0", "pour_milk", "coupling"):
        assert f"<!-- {words} -->" in drawing or words in drawing


def test_works_without_truth(make_workdir, tmp_path):
    workdir = make_workdir(labels=False, fps=5.0)
    drawing = write_picture(workdir, tmp_path / "picture.svg").read_text()
    assert "seconds" in drawing
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


def test_command_draws_report_and_picture(make_workdir, tmp_path, monkeypatch, capsys):
    workdir = make_workdir()
    assert draw(monkeypatch, workdir) == 0
    assert (workdir / "report.html").exists()
    target = tmp_path / "p.png"
    assert draw(monkeypatch, workdir, f"--picture={target}", "--activity=coffee") == 0
    assert target.exists()
    assert draw(monkeypatch, tmp_path / "nowhere") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and "nowhere" in error
