"""Draws a run again: its report, or one picture for a paper or a page.

python -m jaxseg.report runs/asot_breakfast
python -m jaxseg.report runs/asot_breakfast --picture=coffee.png --activity=coffee --videos=2
python -m jaxseg.report runs/case_thumos14 --picture=videos.png --videos=2
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from jaxseg import command_line
from jaxseg.report import write_picture, write_report


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0, or 2 with one line that says what is wrong."""
    parser = command_line.Parser("python -m jaxseg.report", description=__doc__)
    parser.add_argument("workdir", type=Path, help="folder of a run")
    parser.add_argument("--picture", type=Path, help="draw this .png, .svg or .pdf instead")
    parser.add_argument("--activity", default="", help="of the picture; default: the first")
    parser.add_argument(
        "--videos", type=command_line.whole_number(1), default=2, help="side by side in the picture"
    )
    arguments = parser.parse_args(argv)

    def draw() -> None:
        if not arguments.picture:
            print(write_report(arguments.workdir))
            return
        path = write_picture(
            arguments.workdir,
            arguments.picture,
            activity=arguments.activity,
            num_videos=arguments.videos,
        )
        print(path)

    return command_line.run(draw)


if __name__ == "__main__":
    sys.exit(main())
