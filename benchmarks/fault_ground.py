"""Where the trials take place: their data, the undisturbed runs, and how a run is started."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks import fault_child
from benchmarks.fault_child import Strike
from benchmarks.fault_programs import PROGRAMS, ROOT, Program, write_data

LIMIT = 300  # seconds that a run may take before it counts as hanging
TMPFS = "32m"


class Start(NamedTuple):
    """How a run went from one start to its end.

    Attributes:
        status: its exit status as a shell has it: 128 + n where signal n killed it.
        said: the last line on standard error that is neither a progress bar nor a warning.
        resumed: step from which it trained; None where it never did.
        traceback: whether it showed one.
        struck: what was about to happen when it was struck; "" where it was not.
    """

    status: int
    said: str
    resumed: int | None
    traceback: bool
    struck: str


class Ground:
    """The folder that trials share: data, compiled programs, and what undisturbed runs left.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        write_data(self.data)
        hook = self.folder / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(fault_child.SITECUSTOMIZE)
        before = os.environ.get("PYTHONPATH")
        self.environment = os.environ | {
            "JAX_PLATFORMS": "cpu",
            "JAX_NUM_CPU_DEVICES": "1",
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
            "JAX_COMPILATION_CACHE_DIR": str(self.folder / "programs"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(hook), str(ROOT), before))),
            "GRACE": "5",  # seconds that a launcher leaves to the others when one has died
            "TMPDIR": str(self.folder),  # of its logs
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        }

    def undisturbed(self, name: str) -> Path:
        """The workdir of the program's undisturbed run."""
        return self.folder / "undisturbed" / name / "run"

    def run_undisturbed(self, name: str) -> None:
        """Makes it.

        Raises:
            ValueError: it failed.
        """
        workdir = self.undisturbed(name)
        workdir.parent.mkdir(parents=True)
        start = self.start(PROGRAMS[name], workdir)
        if start.status or not workdir.is_dir():
            raise ValueError(f"{name}, undisturbed: exit status {start.status}: {start.said}")

    def start(self, program: Program, workdir: Path, strike: Strike | None = None) -> Start:
        """Runs the program to its end, whichever that is."""
        folder, variables = workdir.parent, {}
        for old in (*folder.glob("*.pid"), folder / "struck"):
            old.unlink(missing_ok=True)
        if strike:
            variables = fault_child.environment(strike, folder)
        process = subprocess.Popen(
            program.command(self.data, workdir),
            cwd=ROOT,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        errors = _wait(process)
        struck = folder / "struck"
        found = struck.read_text().replace(f"{folder}/", "") if struck.exists() else ""
        status = process.returncode
        return Start(status if status >= 0 else 128 - status, *_read(errors), found)


def _wait(process: subprocess.Popen) -> str:
    """What it wrote on standard error until it ended, or was ended."""
    try:
        errors = process.communicate(timeout=LIMIT)[1]
    except subprocess.TimeoutExpired:
        process.terminate()  # a launcher hands it on to all that it started
        try:
            process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return f"did not end in {LIMIT} seconds"
    return errors.decode(errors="replace")


def _read(errors: str) -> tuple[str, int | None, bool]:
    """(last line that is no bar, step of the first bar of training, whether it has a traceback)."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", errors)]
    said = [line for line in lines if line and not re.search(r"\d+%\||^warning:", line)]
    resumed = re.search(r"\btrain: .*?\| (\d+)/\d+ ", errors)
    traceback = "Traceback (most recent call last)" in errors
    return said[-1] if said else "", int(resumed[1]) if resumed else None, traceback


def mount(folder: Path) -> None:
    """Mounts a small file system in memory.

    Raises:
        OSError: it may not, or cannot.
    """
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or f"mount: exit status {done.returncode}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def can_mount(folder: Path) -> bool:
    """Whether `mount` works here, which only root may, and not in every container."""
    place = folder / "disk"
    place.mkdir()
    try:
        mount(place)
        unmount(place)
    except OSError:
        return False
    finally:
        place.rmdir()
    return True
