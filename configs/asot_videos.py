"""ASOT on your own videos: features, training, prediction and a report to click through.

    pip install -r requirements.txt -r requirements-video.txt
    python -m jaxseg.main --config=configs/asot_videos.py --config.data.videos=DIR
    python -m jaxseg.main --config=configs/asot_videos.py --config.data.videos=DIR \\
        --config.num_actions=7

DIR holds videos of any kind that FFmpeg reads (phones, camcorders, labs), or folders of numbered
pictures, whose rate is --config.data.fps; folders in DIR are activities that are segmented each by
itself, and may have folders inside. What is left out is named. Without DIR the run joins recordings
of three people who show signs of American Sign Language (jaxseg/data/signs, from Intel, CC BY 4.0)
into nine videos, knows how many signs each shows, and scores what it finds. All repeats of a sign
are the same recording, so that real videos are harder.
Worth setting:

    --config.num_actions=7             how many actions; without it 7 are taken
    --config.duration=4                seconds that an action typically lasts; else from the data
    --config.order=shared              all videos show the actions once, in one order; "free": they
                                       recur; else from the data
    --config.seeds=5                   how much chance there is in it
    --config.data.fps=5                frames a second of the segmentation, 15 if not given: less
                                       is faster
    --config.data.features=motion+image
                                       what is in the picture beside how it moves; or image alone
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
    # Signs of each person of the embedded recordings.
    config.model.clusters_by_activity = {"asl_signer_1": 6, "asl_signer_2": 5, "asl_signer_3": 4}
    config.seeds = 5
    return config
