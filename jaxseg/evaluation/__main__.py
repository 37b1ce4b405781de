"""`python -m jaxseg.evaluation segmentation|localization`: scores anyone's files."""

import argparse
import importlib
import sys
import textwrap
from collections.abc import Sequence
from types import ModuleType

from jaxseg import command_line

TASKS = {
    "segmentation": "which action is on screen in every frame",
    "localization": "when each action starts and ends",
}
EXAMPLES = """\
python -m jaxseg.evaluation segmentation --predictions=DIR --truth=groundTruth --protocol=all
python -m jaxseg.evaluation localization --predictions=result.json --truth=gt.json
python -m jaxseg.evaluation segmentation --help"""


def main(argv: Sequence[str]) -> int:
    """Runs a command and returns its exit status; a mistake in the input is one line and a 2."""
    parser = command_line.Parser(
        prog="python -m jaxseg.evaluation",
        description="Scores predictions under the field's protocols, side by side.",
        epilog=EXAMPLES,
    )
    commands = parser.add_subparsers(dest="task", required=True, metavar="|".join(TASKS))
    for task, summary in TASKS.items():
        command = commands.add_parser(task, help=summary)
        if task == next(iter(argv), None):
            # Only the module of the task that is asked for is imported.
            module = importlib.import_module(f"jaxseg.evaluation.{task}.command")
            add_arguments(command, module)
            command.set_defaults(run=module.run)
    arguments = parser.parse_args(argv)
    return command_line.run(lambda: arguments.run(arguments))


def add_arguments(parser: argparse.ArgumentParser, task: ModuleType) -> None:
    """Gives a parser the options of a task, and a --help that explains every protocol."""
    parser.usage, parser.description = task.USAGE, task.DESCRIPTION
    protocols = [
        f"  {name}\n{textwrap.indent(text, '    ')}" for name, text in task.PROTOCOL_TEXTS.items()
    ]
    parser.epilog = "\n".join(["protocols:", *protocols])
    for name, settings in task.OPTIONS.items():
        parser.add_argument(name, **settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
