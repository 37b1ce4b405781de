"""Runs `python -m jaxseg.main` in this process, on the toy data written as files."""

import io
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import toy
from absl.testing import flagsaver

from jaxseg import main
from jaxseg.run.flags import parse

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "configs" / "asot_folder.py"


class Result(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of an error; anything else on standard error is a failure."""
        assert self.status == 2, self
        (line,) = self.err.splitlines()
        assert line.startswith("error: ")
        return line


def arguments(root: Path, workdir: Path, config: Path = CONFIG, **overrides) -> list[str]:
    """A command on the toy data; keywords are config keys with __ in place of dots."""
    values = {
        "data__root": root,
        "data__frames_per_video": 16,
        "model__num_clusters": 4,
        "model__layers": f"({toy.CHANNELS},8,5)",
        "num_epochs": 2,
        "seeds": 2,
    }
    if config == CONFIG:
        values |= {"solver__train__num_iterations": 5, "solver__eval__num_iterations": 5}
        values |= {"least_steps": 0, "duration": 9, "order": "shared"}  # auto takes its time
    given = [
        f"--config.{key.replace('__', '.')}={value}" for key, value in (values | overrides).items()
    ]
    return [f"--config={config}", f"--workdir={workdir}", *given]


def tot_arguments(root: Path, workdir: Path, **overrides) -> list[str]:
    """The same for TOT."""
    values = {
        "data__name": "folder",
        "data__bins": 4,
        "data__neighbor_window": 3,
        "optimizer__freeze_steps": 1,
        "predict__num_buckets": 1,
    }
    return arguments(root, workdir, ROOT / "configs/tot_desktop_assembly.py", **values | overrides)


def run(*words: object) -> Result:
    """The command's exit status and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    # ml-collections takes its overrides from sys.argv, whatever is parsed.
    argv = mock.patch.object(sys, "argv", ["jaxseg.main", *map(str, words)])
    with flagsaver.flagsaver(), redirect_stdout(out), redirect_stderr(err), argv:
        try:
            with warnings.catch_warnings():  # of ml-collections, which loads configs the old way
                warnings.filterwarnings("ignore", "the load_module", DeprecationWarning)
                rest = parse(sys.argv)
            status = main.main(rest)
        except SystemExit as end:
            status = end.code
    return Result(status, out.getvalue(), err.getvalue())
