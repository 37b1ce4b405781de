"""Stand-ins for Breakfast and THUMOS14: layout, chosen parts, the same bytes every time."""

import io
import json
import tarfile

import numpy as np
import pytest

from benchmarks import stand_ins

BREAKFAST = {
    "coffee/P03_cam01_P03_coffee.xml": [("SIL", 1, 30), ("pour_milk", 31, 90)],
    "coffee/P03_cam02_P03_coffee.xml": [("pour_milk", 1, 50)],
    "tea/P04_cam01_P04_tea.xml": [("pour_water", 1, 70), ("SIL", 81, 100)],
}


@pytest.fixture
def archive(tmp_path):
    """Annotation of three videos, as Breakfast's is published."""
    path = tmp_path / "annotation.tar.gz"
    with tarfile.open(path, "w:gz") as files:
        for name, runs in BREAKFAST.items():
            rows = [
                f'<MotionLabel name="{a}" startPoint="{b}" endPoint="{c}"/>' for a, b, c in runs
            ]
            content = f"<all>{''.join(rows)}</all>".encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            files.addfile(member, io.BytesIO(content))
    return path


def write(data_set, annotation, out, *words):
    assert stand_ins.main([data_set, f"--annotation={annotation}", f"--out={out}", *words]) == 0


def contents(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_breakfast_has_the_published_layout(archive, tmp_path):
    write("breakfast", archive, tmp_path / "twin", "--cameras", "cam01")
    root = tmp_path / "twin" / "Breakfast"
    assert set(contents(root)) == {
        "features/coffee/P03_cam01_P03_coffee.npy",
        "features/tea/P04_cam01_P04_tea.npy",
        "groundTruth/P03_cam01_P03_coffee",
        "groundTruth/P04_cam01_P04_tea",
        "mapping/mapping.txt",
    }
    features = np.load(root / "features/tea/P04_cam01_P04_tea.npy")
    assert features.shape == (100, 64) and features.dtype == np.float32
    assert (features[:4] == 0).all() and (features[4:] != 0).all()
    labels = (root / "groundTruth/P04_cam01_P04_tea").read_text().split()
    assert labels == 70 * ["pour_water"] + 30 * ["SIL"]  # frames without a label are silence
    mapping = (root / "mapping/mapping.txt").read_text()
    assert mapping == "0 SIL\n1 pour_milk\n2 pour_water\n"


def test_a_part_holds_the_same_videos_as_the_whole(archive, tmp_path):
    write("breakfast", archive, tmp_path / "whole")
    write("breakfast", archive, tmp_path / "part", "--activities", "coffee")
    whole, part = contents(tmp_path / "whole"), contents(tmp_path / "part")
    assert len(part) == 5 and part.items() <= whole.items()


def test_features_correlate_over_frames():
    noise = stand_ins.smooth_noise(np.random.default_rng(0), 40_000, 1, 30)[:, 0]
    for lag, expected in ((1, 0.97), (15, 0.5), (30, 0)):
        measured = np.corrcoef(noise[:-lag], noise[lag:])[0, 1]
        np.testing.assert_allclose(measured, expected, atol=0.1)


def test_thumos14_has_the_authors_layout(tmp_path):
    videos = {
        f"video_{subset}": {
            "subset": subset,
            "annotations": [{"label": label, "segment": ["2.0", "9.5"]}],
        }
        for subset, label in (("train", "Diving"), ("test", "Shotput"))
    }
    annotation = tmp_path / "gt.json"
    annotation.write_text(json.dumps({"database": videos}))
    write("thumos14", annotation, tmp_path, "--dim=8")
    root = tmp_path / "THUMOS14"
    assert (root / "split_test.txt").read_text() == "video_test\n"
    assert json.loads((root / "gt.json").read_text()) == {"database": videos}
    rgb, flow = (np.load(root / f"features/train/{s}/video_train.npy") for s in ("rgb", "flow"))
    assert rgb.shape == flow.shape and rgb.shape[1] == 8 and rgb.dtype == np.float32
    assert len(rgb) * 16 / 25 > 9.5 and (rgb >= 0).all() and (rgb != flow).any()


def test_a_missing_annotation_is_one_line(tmp_path, capsys):
    missing = tmp_path / "gt.json"
    assert stand_ins.main(["thumos14", f"--annotation={missing}", f"--out={tmp_path}"]) == 2
    assert capsys.readouterr().err.startswith(f"error: {missing}: ")
