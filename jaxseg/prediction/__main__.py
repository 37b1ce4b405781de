"""Labels new sequences with what a finished run has learned.

    python -m jaxseg.prediction runs/asot_folder NEW_DIR --out=OUT
    python -m jaxseg.prediction runs/asot_folder NEW_DIR --out=OUT --seed=3 --activity=coffee
    python -m jaxseg.prediction runs/asot_folder NEW_DIR --out=OUT --segments=csv,boris

NEW_DIR holds .npy, .npz or .txt files of [frames, channels], as the folder that the run was made
of: the same features, at the same frames a second. They are scaled and decoded as there. OUT gets,
for every sequence, NAME.txt with a cluster number a line, and NAME.csv with rows start,end,label,
in seconds where the run knows the rate; where NEW_DIR has subfolders, they lie in the same ones.
--segments writes them for other programs: csv, vtt, eaf, boris, nwb, audacity, frames.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from jaxseg import command_line


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0, or 2 with one line that says what is wrong."""
    parser = command_line.Parser("python -m jaxseg.prediction", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a finished run of segmentation")
    parser.add_argument("data", type=Path, help="folder of new sequences")
    parser.add_argument("--out", type=Path, required=True, help="folder for the labels")
    parser.add_argument("--activity", default="", help="of a run of several; default: by subfolder")
    parser.add_argument(
        "--seed",
        type=command_line.whole_number(0),
        help="of the run's; default: the one shown first",
    )
    parser.add_argument("--fps", type=float, help="frames a second of the new sequences, to check")
    parser.add_argument("--segments", default="csv", help="formats of segments; default: csv")
    arguments = parser.parse_args(argv)

    def label() -> None:
        from jaxseg.formats.annotations.exports import split_formats
        from jaxseg.prediction.new_data import label_folder  # imports JAX

        count = label_folder(
            arguments.run,
            arguments.data,
            arguments.out,
            activity=arguments.activity,
            seed=arguments.seed,
            fps=arguments.fps,
            formats=split_formats("--segments", arguments.segments),
        )
        print(f"{count} sequences labeled: {arguments.out}")

    return command_line.run(label)


if __name__ == "__main__":
    sys.exit(main())
