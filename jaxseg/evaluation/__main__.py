"""`python -m jaxseg.evaluation segmentation|localization`: scores anyone's files."""

import argparse
import importlib
import sys
from collections.abc import Sequence

TASKS = {
    "segmentation": "which action is on screen in every frame",
    "localization": "when each action starts and ends",
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:
        self.exit(2, f"error: {message}\n")


def main(argv: Sequence[str]) -> int:
    """Runs a command and returns its exit status; a mistake in the input is one line and a 2."""
    parser = Parser(
        prog="python -m jaxseg.evaluation",
        description="Scores predictions under the field's protocols, side by side.",
    )
    commands = parser.add_subparsers(dest="task", required=True, metavar="|".join(TASKS))
    run = None
    for task, what in TASKS.items():
        command = commands.add_parser(task, help=what, allow_abbrev=False)
        if task == next(iter(argv), None):
            # Each task reads its own libraries, and only when it is asked for.
            module = importlib.import_module(f"jaxseg.evaluation.{task}.command")
            module.add_arguments(command)
            run = module.run
    arguments = parser.parse_args(argv)
    try:
        return run(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
