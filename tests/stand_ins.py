"""Commands that stand in for real ones, first on PATH, and write down what they were told."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

GUARD = 300  # seconds after which a test gives up; nothing takes that long but a defect

# Writes down what it was told and, as it comes, each signal; then plays the part of the test.
PLAYER = """#!{python} -SE
import json, os, signal, sys, time
me, told = int(os.environ.get("JAX_PROCESS_ID", 0)), {told!r}
before = len([name for name in os.listdir(told) if name.endswith(f"of{{me}}.json")])
path = f"{{told}}/{{before}}of{{me}}.json"
record = {{"argv": sys.argv[1:], "environment": dict(os.environ), "signals": []}}
record["pid"] = os.getpid()
if hasattr(os, "sched_getaffinity"):
    record["cores"] = sorted(os.sched_getaffinity(0))
def write():
    with open(path + "~", "w") as file:
        json.dump(record, file)
    os.replace(path + "~", path)
def hear(number, frame):
    record["signals"].append(number)
    write()
    if not deaf:
        sys.exit(128 + number)
deaf = False
signal.signal(signal.SIGINT, hear)
signal.signal(signal.SIGTERM, hear)
write()
def forever():
    while True: time.sleep(60)
def others(count):
    while len([name for name in os.listdir(told) if name.startswith(f"{{before}}of")]) < count:
        time.sleep(.01)
{part}
"""


class Stage:
    """A folder with `python` and other commands in it that comes first on PATH."""

    def __init__(self, folder: Path, part: str):
        self.told, self.logs, self._bin = folder / "told", folder / "logs", folder / "bin"
        for made in (self.told, self.logs, self._bin):
            made.mkdir()
        self.command("python", PLAYER.format(python=sys.executable, told=str(self.told), part=part))

    def command(self, name: str, text: str) -> None:
        path = self._bin / name
        path.write_text(text)
        path.chmod(0o755)

    def start(self, *words: object, **environment: object) -> subprocess.Popen:
        own = {"PATH": f"{self._bin}:{os.environ['PATH']}", "TMPDIR": str(self.logs)}
        given = {name: str(value) for name, value in environment.items()}
        return subprocess.Popen(
            [str(word) for word in words],
            env=os.environ | own | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: object, **environment: object) -> tuple[int, str, str]:
        """(status, standard output, standard error)."""
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=GUARD)
        return process.returncode, out, err

    def records(self, process: int = 0) -> list[dict]:
        """What each start of a process was told, in their order."""
        return [json.loads(p.read_text()) for p in sorted(self.told.glob(f"*of{process}.json"))]

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + GUARD
        while len(list(self.told.glob("*.json"))) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)
