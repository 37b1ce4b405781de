"""Strikes a run from inside, at one exact place: what every process of a trial does first.

A folder with `SITECUSTOMIZE` as `sitecustomize.py` stands on PYTHONPATH, and the strike in the
environment, so that the command stays the one that a user types. Python tells an audit hook of
every file that is opened, renamed or removed before it happens; the hook counts those that match.
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
SITECUSTOMIZE = "from benchmarks import fault_child\n\nfault_child.arm()\n"
STEP = "jaxseg.step"
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
        pattern: regular expression for the event: "step 17" before the line of that step is
            written, else what is about to happen and to which path, as "open /a/b" (to write),
            "rename /a/b" (to that name), "mkdir", "remove", "rmdir", "rmtree".
        count: how many-th such event it is, from 1.
        blow: a signal's name; "full disk", which fills the file system of the strike's folder;
            "file limit", after which no file can grow.
        watcher: process of the group that counts.
        victim: process that gets the signal.
    """

    pattern: str
    count: int = 1
    blow: str = "SIGKILL"
    watcher: int = 0
    victim: int = 0


def environment(strike: Strike, folder: Path) -> dict[str, str]:
    """What tells the processes of a run; `folder` is theirs, for their numbers and `struck`."""
    return {VARIABLE: json.dumps({"folder": str(folder), **strike._asdict()})}


def arm() -> None:
    """Makes this process ready, where it is one of a run that shall be struck."""
    if VARIABLE not in os.environ or "jaxseg.main" not in sys.orig_argv:
        return
    values = json.loads(os.environ[VARIABLE])
    folder, own = Path(values.pop("folder")), process_id(sys.orig_argv, os.environ)
    strike = Strike(**values)
    (folder / f"{own}.pid").write_text(str(os.getpid()))
    if own == strike.watcher:
        if "step" in strike.pattern:
            _announce_steps()
        _watch(strike, folder)


def process_id(arguments: list[str], variables: Mapping[str, str]) -> int:
    """The number of this process in its group, as the command line or the environment has it."""
    for argument in arguments:
        name, _, value = argument.lstrip("-").partition("=")
        if name == "process_id":
            return int(value)
    return int(variables.get("JAX_PROCESS_ID", 0))


def _announce_steps() -> None:
    """The loop touches no file between two steps but one that stays open: it has no events."""
    from jaxseg.training.writer import MetricsWriter

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
    """An audit event in the words of `Strike.pattern`; None for what is not watched."""
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
    if strike.blow == "full disk":
        _fill(folder / "filler")
    elif strike.blow == "file limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    else:
        victim = int((folder / f"{strike.victim}.pid").read_text())
        os.kill(victim, getattr(signal, strike.blow))


def _fill(filler: Path) -> None:
    """Takes all the room there is, down to the last bytes."""
    with filler.open("wb", buffering=0) as file:
        size = CHUNK
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
