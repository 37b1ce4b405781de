"""TOT on your own features: a folder of files, one a video, with or without labels.

    python -m jaxseg.main --config=configs/tot_folder.py
    python -m jaxseg.main --config=configs/tot_folder.py --config.data.root=DIR \\
        --config.num_actions=7 --config.duration=40 --config.order=free

DIR is laid out as for configs/asot_folder.py, and the human terms mean the same: how many actions
there are, how long one lasts (seconds, or frames without --config.data.fps), and whether they come
once each in about the same order ("shared") or recur ("free"). Each may be "auto". From them come

    shared   the paper's prior, and Viterbi through all clusters in their order
    free     no prior, and a Viterbi that may go from any cluster to any other and stays with the
             probability 1 - 1/duration
    duration also the window of neighbors, a third of it, at most the paper's 30 frames

It is TOT+TCL, with Breakfast's constants: where the order is free, nothing but the coherence of
neighbors keeps the clusters from growing into one. Training takes 2,000 steps or 30 passes,
whichever is more. Real sequences, duration (the true mean) and order given, 5 seeds, MoF / F1 /
mIoU by asot-exact:

                                 TOT+TCL                           k-means          equal split
    utkinect (shared, K = 11)    34.1 ± 2.0 45.8 ± 2.3 17.8 ± 1.6  32.7 37.1 17.2   24.7 34.8 15.5
    gesture_phase (free, K = 5)  36.5 ± 2.0 51.9 ± 2.6 16.4 ± 0.5  39.8 51.3 17.5   24.1 38.6 13.1

ASOT (configs/asot_folder.py) is above it where actions recur (44.7 64.9 25.6 on gesture_phase) and
below it on utkinect (29.4 36.6 15.5), measured in the same way.
Without DIR the run is on seven real recordings of people who tell stories with their hands.
"""

from configs import tot
from jaxseg.methods import own_data


def get_config():
    """The keys that differ on people's own data, which `jaxseg.Segmenter` takes too."""
    config = tot.get_config()
    config.update_from_flattened_dict(own_data("tot"))
    return config
