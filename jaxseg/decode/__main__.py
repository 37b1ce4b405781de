"""`python -m jaxseg.decode --scores=DIR --out=DIR`: anyone's frame scores -> a segmentation."""

import argparse
import sys
from collections.abc import Sequence

from jaxseg.decode import options
from jaxseg.decode.command import run


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:
        self.exit(2, f"error: {message}\n")


def main(argv: Sequence[str]) -> int:
    """Exit status 0, 2 with one line that says what is wrong, or 130 after Ctrl-C."""
    parser = Parser(prog="python -m jaxseg.decode", allow_abbrev=False)
    options.add_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        options.check(arguments)
        return run(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
