"""ASOT on your own features: a folder of files, one a video, with or without labels.

    python -m jaxseg.main --config=configs/asot_folder.py
    python -m jaxseg.main --config=configs/asot_folder.py --config.data.root=DIR \\
        --config.num_actions=7

DIR holds .npy files of [frames, channels], or tables, MATLAB's files, HDF5 and others that
docs/sequences.md lists, subfolders being activities that are segmented each by itself; where it
also holds groundTruth/ with labels, scores follow.
Worth setting:

    --config.num_actions=7             how many actions there are; without it 7 are taken
    --config.duration=4                how long one typically lasts: seconds, or frames without
                                       data.fps; without it the run looks into the data
    --config.order=free                "free": actions recur; "shared": once each, in about the same
                                       order everywhere; without it the run looks into the data
    --config.data.fps=15               times in the report and in CSV files are seconds
    --config.predict.segments=csv      start,end,label beside every prediction; others: vtt, eaf,
                                       boris, nwb, audacity, frames, with commas between them
    --config.seeds=5                   how much chance there is in it
    --config.solver.eval.radius=0.02   the solver's own reach, a share of the sequence, wins

Constants are those of Breakfast. Without DIR the run is on seven real recordings of people who tell
stories with their hands (jaxseg/data/gesture_phase, from UCI, CC BY 4.0), a folder in this layout.
"""

from configs import asot
from jaxseg.methods import own_data


def get_config():
    """The keys that differ on people's own data, which `jaxseg.Segmenter` takes too."""
    config = asot.get_config()
    config.update_from_flattened_dict(own_data("asot"))
    return config
