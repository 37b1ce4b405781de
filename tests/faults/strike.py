"""Strikes a run from inside, at one exact place; imported first by every process of a trial.

PYTHONPATH has a folder with `SITECUSTOMIZE` as `sitecustomize.py`, and the environment holds the
strike, so that the command is the one that a user types. Python announces to an audit hook every
file that is about to be opened, renamed or removed; the hook counts the events that match.
"""

import json
import os
import re
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

VARIABLE = "JAXSEG_STRIKE"
SITECUSTOMIZE = "from tests.faults import strike\n\nstrike.arm()\n"
STEP = "jaxseg.step"
FULL_DISK, FILE_LIMIT = "full disk", "file limit"
WATCHED = {
    "os.rename": "rename",
    "os.mkdir": "mkdir",
    "os.remove": "remove",
    "os.rmdir": "rmdir",
    "shutil.rmtree": "rmtree",
    STEP: "step",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHUNK = 2**20  # bytes


class Strike(NamedTuple):
    """One blow at a run.

    Attributes:
        pattern: regular expression for the event: "step 17" just before the line of that step is
            written; otherwise what is about to happen and to which path, as "open /a/b" (for
            writing), "rename /a/b" (the new name), "mkdir", "remove", "rmdir", "rmtree".
        count: which of the matching events triggers the blow, from 1.
        blow: name of a signal; `FULL_DISK` fills the file system of the strike's folder;
            `FILE_LIMIT` keeps every file from growing.
        watcher: number of the process that counts events.
        victim: number of the process that gets the signal.
    """

    pattern: str
    count: int = 1
    blow: str = "SIGKILL"
    watcher: int = 0
    victim: int = 0


def environment(strike: Strike, folder: Path) -> dict[str, str]:
    """Variables that arm the processes of a run.

    Args:
        folder: receives the processes' ids and, after the blow, a file `struck`.
    """
    return {VARIABLE: json.dumps({"folder": str(folder), **strike._asdict()})}


def arm() -> None:
    """Installs the hook, if this process belongs to a run that is to be struck."""
    if VARIABLE not in os.environ or "jaxseg.main" not in sys.orig_argv:
        return
    values = json.loads(os.environ[VARIABLE])
    folder, number = Path(values.pop("folder")), process_id(sys.orig_argv, os.environ)
    strike = Strike(**values)
    (folder / f"{number}.pid").write_text(str(os.getpid()))
    if number == strike.watcher:
        if "step" in strike.pattern:
            _announce_steps()
        _watch(strike, folder)


def process_id(arguments: list[str], variables: Mapping[str, str]) -> int:
    """Number of this process in its run, from the command line or the environment."""
    for argument in arguments:
        name, _, value = argument.lstrip("-").partition("=")
        if name == "process_id":
            return int(value)
    return int(variables.get("JAX_PROCESS_ID", 0))


def _announce_steps() -> None:
    """Makes each logged step an event: between steps the loop only writes to an open file."""
    from jaxseg.runfiles.metrics import MetricsWriter

    write = MetricsWriter.write

    def announced(self, step, *rest):
        sys.audit(STEP, step)
        return write(self, step, *rest)

    MetricsWriter.write = announced


def _watch(strike: Strike, folder: Path) -> None:
    pattern, seen = re.compile(strike.pattern), 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal seen
        text = describe(event, arguments)
        if text is None or seen >= strike.count or not pattern.search(text):
            return
        seen += 1
        if seen == strike.count:
            _strike(strike, folder, text)

    sys.addaudithook(hook)


def describe(event: str, arguments: tuple) -> str | None:
    """An audit event in the words of `Strike.pattern`; None for events that are not watched."""
    if event == "open":
        path, _, flags = arguments
        return f"open {_name(path)}" if flags & WRITING else None
    if event not in WATCHED:
        return None
    return f"{WATCHED[event]} {_name(arguments[1 if event == 'os.rename' else 0])}"


def _name(path) -> str:
    return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else str(path)


def _strike(strike: Strike, folder: Path, text: str) -> None:
    (folder / "struck").write_text(text)
    if strike.blow == FULL_DISK:
        _fill(folder / "filler")
    elif strike.blow == FILE_LIMIT:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    else:
        victim = int((folder / f"{strike.victim}.pid").read_text())
        os.kill(victim, getattr(signal, strike.blow))


def _fill(filler: Path) -> None:
    """Writes zeros until not one byte is free."""
    with filler.open("wb", buffering=0) as file:
        size = CHUNK
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
