"""Labels new sequences, or new videos, with what a finished run has learned.

    python -m jaxseg.prediction runs/asot_folder NEW_DIR --out=OUT
    python -m jaxseg.prediction runs/asot_folder NEW_DIR --out=OUT --seed=3 --activity=coffee
    python -m jaxseg.prediction runs/asot_folder NEW_DIR --out=OUT --segments=csv,boris
    python -m jaxseg.prediction runs/asot_videos NEW_VIDEOS --out=OUT

NEW_DIR holds .npy, .npz or .txt files of [frames, channels], as the folder that the run was made
of: the same features, at the same frames a second. They are scaled and decoded as there. OUT gets,
for every sequence, NAME.txt with a cluster number a line, and NAME.csv with rows start,end,label,
in seconds where the run knows the rate; where NEW_DIR has subfolders, they lie in the same ones.
--segments writes them for other programs: csv, vtt, eaf, boris, nwb, audacity, frames.

NEW_VIDEOS, for a run on videos, is a folder of videos, or one video. Their features are made as the
run's were, with what was fitted there, and decoded. OUT is laid out as a run: report.html plays the
videos with their segments; segments/ has them as csv, vtt and eaf, in the videos' own time and with
the names of the run's names.csv. The same command, given again, goes on where it was stopped, and
makes again what has changed. Broken videos are left out and named; the exit status is then 1.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from jaxseg import command_line


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0; 1 where some videos failed; or 2 with one line that says what is wrong."""
    parser = command_line.Parser("python -m jaxseg.prediction", description=__doc__)
    parser.add_argument("run", type=_path, help="folder of a finished run of segmentation")
    parser.add_argument("data", type=_path, help="folder of new sequences or videos, or one video")
    parser.add_argument("--out", type=_path, required=True, help="folder for the labels")
    parser.add_argument("--activity", default="", help="of a run of several; default: by subfolder")
    parser.add_argument(
        "--seed",
        type=command_line.whole_number(0),
        help="of the run's; default: the one shown first",
    )
    parser.add_argument("--fps", type=float, help="frames a second of the new sequences, to check")
    parser.add_argument(
        "--segments", help="formats of segments; default: csv; of videos: csv,vtt,eaf and these"
    )
    arguments = parser.parse_args(argv)

    def label() -> int:
        # These import JAX.
        from jaxseg.formats.annotations.exports import split_formats
        from jaxseg.prediction import new_data, new_videos

        places = arguments.run, arguments.data, arguments.out
        options = {name: getattr(arguments, name) for name in ("activity", "seed", "fps")}
        formats = split_formats("--segments", arguments.segments or "")
        if new_videos.are_videos(*places[:2]):
            from jaxseg.features.__main__ import tell

            summary = new_videos.label_videos(*places, **options, formats=formats)
            status = tell(summary, arguments.out)
            if summary.done or summary.kept:
                print(f"report: {arguments.out / 'report.html'}")
            return status
        count = new_data.label_folder(*places, **options, formats=formats or ["csv"])
        print(f"{count} sequences labeled: {arguments.out}")
        return 0

    return command_line.run(label, stopped="stopped; the same command goes on from here")


def _path(text: str) -> Path:
    """Shells leave the ~ of --out=~/films to the program."""
    return Path(text).expanduser()


if __name__ == "__main__":
    sys.exit(main())
