"""What all commands share: a parser, and one line on standard error for a user's mistake."""

import argparse
import sys
from collections.abc import Callable, Collection


class Parser(argparse.ArgumentParser):
    """argparse's parser, with errors of one line, no abbreviations and descriptions as written."""

    def __init__(self, prog: str | None = None, **settings):
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        settings.setdefault("allow_abbrev", False)
        super().__init__(prog, **settings)

    def error(self, message: str) -> None:
        self.exit(complain(message))


def complain(message: str) -> int:
    """Prints an error as one line and returns 2, the exit status of a user's mistake."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2


def run(command: Callable[[], int | None], *, stopped: str = "stopped") -> int:
    """Exit status of a command: 2 and one line for a user's mistake, 130 for Ctrl-C.

    Args:
        command: does the work; its mistakes are ValueError and OSError. None counts as 0.
        stopped: line that is printed after Ctrl-C.
    """
    try:
        return command() or 0
    except (ValueError, OSError) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return 130


def comma_list(text: str) -> list[str]:
    """Words between commas, without blanks around them and without empty ones."""
    return [word.strip() for word in text.split(",") if word.strip()]


def chosen_names(option: str, text: str, known: Collection[str]) -> list[str]:
    """Names of a comma list, each once, in its order; `all` stands for all that are known.

    Args:
        option: such as "--protocol", for the message.
        text: what it was given.
        known: names to choose from.

    Raises:
        ValueError: no name at all, or an unknown one.
    """
    if text == "all":
        return list(known)
    chosen = list(dict.fromkeys(comma_list(text)))
    for name in chosen:
        if name not in known:
            what = option.lstrip("-")
            raise ValueError(f"unknown {what} {name!r}: choose from {', '.join(known)}")
    if not chosen:
        raise ValueError(f"{option}: nothing named: choose from {', '.join(known)}")
    return chosen
