"""A whole run on labels without times, of which one video has no features."""

import json

import numpy as np
import toy_case

from jaxseg.formats.localization.files import read_truth
from jaxseg.run.stages import run
from jaxseg.scoring.intervals import NO_SEGMENTS


def test_training_needs_no_times(tmp_path, quick_compile, capsys):
    labels = {"a": ("train", "jump"), "b": ("train", "run"), "c": ("test", "run")}
    labels["gone"] = ("train", "hop")
    root = tmp_path / "THUMOS14"
    for number, (video, (subset, _)) in enumerate(labels.items()):
        for stream in ("rgb", "flow") if video != "gone" else ():
            folder = root / "features" / subset / stream
            folder.mkdir(parents=True, exist_ok=True)
            features = np.random.default_rng(number).random((20, toy_case.CHANNELS), np.float32)
            np.save(folder / f"{video}.npy", features)
    database = {
        video: {"subset": subset, "annotations": [{"label": label}]}
        for video, (subset, label) in labels.items()
    }
    (root / "gt.json").write_text(json.dumps({"database": database}))
    for subset in ("train", "test"):
        names = [video for video, (own, _) in labels.items() if own == subset]
        (root / f"split_{subset}.txt").write_text("\n".join(names))
    overrides = {"data.root": str(root), "data.skip_missing": True, "num_epochs": 1}
    quick = {"loss.clustering": "none", "predict.foreground": "attention", "data.num_snippets": 8}
    run(toy_case.make_config(overrides | quick), tmp_path / "run", progress=False)
    lines = capsys.readouterr().out.splitlines()
    note = "left out, as they have no features: 1 training and 0 test videos of 4 (gone)"
    assert any(line.startswith(f"note: {note}") for line in lines) and NO_SEGMENTS in lines
    record = json.loads((tmp_path / "run/dataset.json").read_text())
    assert record["left_out"] == ["gone"] and record["notes"][0].startswith(note)
    assert note in (tmp_path / "run/report.html").read_text()
    assert read_truth(tmp_path / "run/truth.json").untimed == {
        "a": ("jump",),
        "b": ("run",),
        "c": ("run",),
    }
