"""GauFuse on ActivityNet v1.3: 10,024 training and 4,926 validation videos of 200 classes.

Published: mAP 43.4 at tIoU .5, 28.8 at .75, 9.9 at .95; mean over .5:.05:.95 28.8. Its constants
were never released: these are THUMOS14's. Needs the annotation and one feature file a video;
without --config.data.root this runs on a small generated twin instead.

    python -m jaxseg.main --config=configs/gaufuse_activitynet13.py
    python -m jaxseg.main --config=configs/gaufuse_activitynet13.py --config.data.root=/data/anet

Parts of the method and their alternatives: configs/gaufuse.py.
"""

from configs import gaufuse


def get_config():
    """THUMOS14's constants, ActivityNet's videos and its tIoU thresholds."""
    config = gaufuse.get_config()
    config.data.name = "activitynet13"
    config.evaluation.tiou = "activitynet"
    return config
