"""What all commands share: a parser, and one line on standard error for a user's mistake."""

import argparse
import contextlib
import math
import os
import sys
from collections.abc import Callable, Collection, Iterator

# Exit status where the reader of the output has gone (`| head`): as a shell reports SIGPIPE.
BROKEN_PIPE = 128 + 13


class Parser(argparse.ArgumentParser):
    """argparse's parser, with errors of one line, no abbreviations and descriptions as written."""

    def __init__(self, prog: str | None = None, **settings):
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        settings.setdefault("allow_abbrev", False)
        super().__init__(prog, **settings)

    def error(self, message: str) -> None:
        self.exit(complain(message))

    def exit(self, status: int = 0, message: str | None = None) -> None:
        try:
            sys.stdout.flush()  # the help
        except BrokenPipeError:
            status = end_quietly()
        super().exit(status, message)


def whole_number(lowest: int) -> Callable[[str], int]:
    """Type of an option that takes whole numbers from `lowest` on."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < lowest:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {lowest} on")
        return value

    return parse


def positive_number(text: str) -> float:
    """Type of an option that takes numbers above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def complain(message: str) -> int:
    """Prints an error as one line and returns 2, the exit status of a user's mistake."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return 2


def run(command: Callable[[], int | None], *, stopped: str = "stopped") -> int:
    """Exit status of a command: 2 and one line for a user's mistake, 130 for Ctrl-C.

    Where the reader of its output has gone, it ends without a word: 141, as other programs. What
    it is to write to files it has to write before it prints.

    Args:
        command: does the work; its mistakes are ValueError and OSError. None counts as 0.
        stopped: line that is printed after Ctrl-C.
    """
    try:
        with pipe_errors():
            try:
                return command() or 0
            except BrokenPipeError:
                raise
            except (ValueError, OSError) as error:
                return complain(str(error))
            except KeyboardInterrupt:
                print(stopped, file=sys.stderr)
                return 130
    except BrokenPipeError:
        return end_quietly()


def show(text: str) -> None:
    """Prints a line at once, before the work is done: it goes on where nobody reads any more."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        end_quietly()


@contextlib.contextmanager
def pipe_errors() -> Iterator[None]:
    """Raises BrokenPipeError here, where Python itself would print it at its end."""
    try:
        yield
    finally:
        sys.stdout.flush()


def end_quietly() -> int:
    """Exit status after a broken pipe; what is printed from now on goes nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a test's stream has no number
            os.dup2(null, stream.fileno())
    os.close(null)
    return BROKEN_PIPE


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
