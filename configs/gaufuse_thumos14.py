"""GauFuse on THUMOS14: 200 training and 210 test videos of 20 classes, I3D features.

Published: mAP 74.0 at tIoU .1, 60.7 at .3, 42.7 at .5, 13.1 at .7; mean over .1:.1:.7 48.3. Needs
the features in CASE's layout, or W-TALC's bundle (--config.data.name=thumos14_wtalc); without
--config.data.root this runs on a small generated twin instead.

    python -m jaxseg.main --config=configs/gaufuse_thumos14.py
    python -m jaxseg.main --config=configs/gaufuse_thumos14.py --config.data.root=/data/THUMOS14

Parts of the method and their alternatives: configs/gaufuse.py.
"""

from configs import gaufuse


def get_config():
    """THUMOS14's constants, which are the base's."""
    return gaufuse.get_config()
