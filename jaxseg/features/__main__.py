"""`python -m jaxseg.features --videos=DIR --out=DIR`: a folder of videos -> features."""

import argparse
import sys
from collections.abc import Sequence

from jaxseg.features import command


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> None:
        self.exit(2, f"error: {message}\n")


def main(argv: Sequence[str]) -> int:
    """Exit status 0; 1 where some videos failed; 2 with one line on what is wrong; 130: Ctrl-C."""
    parser = Parser(
        prog="python -m jaxseg.features",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    arguments = parser.parse_args(argv)
    try:
        return command.run(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
