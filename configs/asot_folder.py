"""ASOT on your own features: a folder of files, one a video, with or without labels.

    python -m jaxseg.main --config=configs/asot_folder.py
    python -m jaxseg.main --config=configs/asot_folder.py --config.data.root=DIR \\
        --config.model.num_clusters=7

DIR holds .npy, .npz or .txt files of [frames, channels], subfolders being activities that are
segmented each by itself; where it also holds groundTruth/ with a label a line, scores follow.
Worth setting:

    --config.data.fps=15               times in the report and in CSV files are seconds
    --config.predict.segments=csv      start,end,label beside every prediction
    --config.data.standardize=True     where channels differ much in scale
    --config.seeds=5                   how much chance there is in it
    --config.solver.eval.radius=0.02   shorter segments (a share of the video)

Constants are those of Breakfast. Without DIR the run is on seven real recordings of people who tell
stories with their hands (jaxseg/data/gesture_phase, from UCI, CC BY 4.0), a folder in this layout.
"""

from configs import asot_breakfast


def get_config():
    """Breakfast's constants, a network as wide as the features, no table of clusters."""
    config = asot_breakfast.get_config()
    config.data.name = "folder"
    config.data.scaling = "auto"
    config.data.standardize = False
    config.model.layers = (0, 128, 40)
    config.model.clusters_by_activity = {"gesture_phase": 5}  # the embedded recordings
    config.duration = config.order = "auto"
    for solver in (config.solver.train, config.solver.eval):
        solver.radius, solver.rho = 0.0, -1.0  # from duration and order
    config.least_steps = 100
    return config
