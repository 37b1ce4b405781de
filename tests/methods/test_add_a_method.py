"""A new method is one folder and one config file: docs/examples/add_a_method runs as it stands."""

import json
import shutil
import sys

import commands
import pytest
import toy

from jaxseg import methods

EXAMPLE = commands.ROOT / "docs" / "examples" / "add_a_method"
NAME = "frame_kmeans"


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The example's folder among the methods, without one of jaxseg's files touched."""
    shutil.copytree(EXAMPLE / NAME, tmp_path / "methods" / NAME)
    shutil.copytree(EXAMPLE, tmp_path / "configs", ignore=shutil.ignore_patterns(NAME))
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path / "methods")])
    yield tmp_path
    for module in [name for name in sys.modules if name.startswith(f"jaxseg.methods.{NAME}")]:
        del sys.modules[module]
    if hasattr(methods, NAME):
        delattr(methods, NAME)


def test_it_is_found_by_its_name(added):
    assert NAME in methods.names()
    methods.check_key("loss.pull")
    with pytest.raises(ValueError, match=r"^config\.loss\.pull must be at least 0, got -1.0"):
        methods.from_dict({"method": NAME, "loss": {"pull": -1.0}})


def test_it_trains_predicts_and_is_scored_and_reported(added, quick_compile):
    root, workdir = toy.write_files(added / "mine"), added / "run"
    result = commands.run(
        f"--config={added / 'configs' / NAME}.py",
        f"--workdir={workdir}",
        f"--config.data.root={root}",
        "--config.data.frames_per_video=16",
        "--config.model.num_clusters=4",
        "--config.num_epochs=4",
        "--config.seeds=2",
    )
    assert result.status == 0, result
    scores = json.loads((workdir / "evaluation.json").read_text())["protocols"]["asot"]["results"]
    assert scores[0]["full"]["macro"]["mof"]["mean"] > 60  # four looks, well apart
    assert NAME in (workdir / "report.html").read_text().lower()


def test_the_example_stays_small():
    files = [EXAMPLE / f"{NAME}.py", *(EXAMPLE / NAME).glob("*.py")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 80
    assert NAME not in methods.names()
