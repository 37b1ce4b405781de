"""Folder that the trials share: data, undisturbed runs, and the way a run is started."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.faults import strike
from tests.faults.programs import PROGRAMS, ROOT, Program, write_data
from tests.faults.strike import Strike

LIMIT = 300  # seconds that a run may take before it counts as hanging
TMPFS = "32m"


class Start(NamedTuple):
    """Outcome of starting a run once and waiting for its end.

    Attributes:
        status: exit status as in a shell: 128 + n if signal n killed it.
        message: last line on standard error that is neither a progress bar nor a warning.
        resumed: step from which it trained; None if it did not train.
        traceback: whether it printed one.
        struck: the event at which it was struck; "" if it was not.
    """

    status: int
    message: str
    resumed: int | None
    traceback: bool
    struck: str


class Ground:
    """Folder with data, compiled programs and the undisturbed runs that trials are compared with.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        write_data(self.data)
        hook = self.folder / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(strike.SITECUSTOMIZE)
        before = os.environ.get("PYTHONPATH")
        self.environment = os.environ | {
            "JAX_PLATFORMS": "cpu",
            "JAX_NUM_CPU_DEVICES": "1",
            "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
            "JAX_COMPILATION_CACHE_DIR": str(self.folder / "programs"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(hook), str(ROOT), before))),
            "GRACE": "5",  # seconds that a launcher gives the other processes after one has died
            "TMPDIR": str(self.folder),  # the launcher writes its logs there
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        }

    def undisturbed(self, name: str) -> Path:
        """Workdir of a program's undisturbed run."""
        return self.folder / "undisturbed" / name / "run"

    def run_undisturbed(self, name: str) -> None:
        """Runs a program once without any fault.

        Raises:
            ValueError: the run failed.
        """
        workdir = self.undisturbed(name)
        workdir.parent.mkdir(parents=True)
        start = self.start(PROGRAMS[name], workdir)
        if start.status or not workdir.is_dir():
            raise ValueError(f"{name}, undisturbed: exit status {start.status}: {start.message}")

    def start(self, program: Program, workdir: Path, blow: Strike | None = None) -> Start:
        """Runs a program until it ends by itself or by the blow."""
        folder, variables = workdir.parent, {}
        for old in (*folder.glob("*.pid"), folder / "struck"):
            old.unlink(missing_ok=True)
        if blow:
            variables = strike.environment(blow, folder)
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
        event = struck.read_text().replace(f"{folder}/", "") if struck.exists() else ""
        status = process.returncode
        return _outcome(status if status >= 0 else 128 - status, errors, event)


def _wait(process: subprocess.Popen) -> str:
    """Text on standard error; a process that takes longer than `LIMIT` is ended."""
    try:
        errors = process.communicate(timeout=LIMIT)[1]
    except subprocess.TimeoutExpired:
        process.terminate()  # a launcher passes the signal on to its processes
        try:
            process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return f"did not end in {LIMIT} seconds"
    return errors.decode(errors="replace")


def _outcome(status: int, errors: str, struck: str) -> Start:
    """Reads standard error: the last line that is no bar, and the step of the first bar."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", errors)]
    messages = [line for line in lines if line and not re.search(r"\d+%\||^warning:", line)]
    resumed = re.search(r"\btrain: .*?\| (\d+)/\d+ ", errors)
    return Start(
        status=status,
        message=messages[-1] if messages else "",
        resumed=int(resumed[1]) if resumed else None,
        traceback="Traceback (most recent call last)" in errors,
        struck=struck,
    )


def mount(folder: Path) -> None:
    """Mounts a small file system in memory.

    Raises:
        OSError: this is not permitted, or fails.
    """
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS}", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip() or f"mount: exit status {done.returncode}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def can_mount(folder: Path) -> bool:
    """Whether `mount` works on this machine: only for root, and not in every container."""
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
