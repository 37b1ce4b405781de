"""Draws a run again: its report, or one picture for a paper or a page.

python -m jaxseg.report runs/asot_breakfast
python -m jaxseg.report runs/asot_breakfast --picture=coffee.png --activity=coffee --videos=2
python -m jaxseg.report runs/case_thumos14 --picture=videos.png --videos=2
"""

import argparse
import sys
from pathlib import Path

from jaxseg.report import write_report
from jaxseg.report.tasks import write_picture


def main() -> int:
    """Exit status 0, or 2 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m jaxseg.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("workdir", type=Path, help="folder of a run")
    parser.add_argument("--picture", type=Path, help="draw this .png, .svg or .pdf instead")
    parser.add_argument("--activity", default="", help="of the picture; default: the first")
    parser.add_argument("--videos", type=int, default=2, help="side by side; in the report: most")
    arguments = parser.parse_args()
    try:
        if arguments.picture:
            options = {"activity": arguments.activity, "num_videos": arguments.videos}
            print(write_picture(arguments.workdir, arguments.picture, **options))
        else:
            print(write_report(arguments.workdir))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
