"""CASE on THUMOS14: 200 training and 210 test videos of 20 classes, I3D features of both streams.

Paper (Table 1, mean of three runs): mAP 72.3 at tIoU .1, 59.2 at .3, 37.7 at .5, 13.7 at .7;
mean over .1:.1:.7 46.2, over .1:.1:.5 57.1; of each run the best of many test scores. Needs the
features in the authors' layout; without --config.data.root this runs on a small generated twin
instead.

    python -m jaxseg.main --config=configs/case_thumos14.py
    python -m jaxseg.main --config=configs/case_thumos14.py --config.data.root=/data/THUMOS14
    python -m jaxseg.main --config=configs/case_thumos14.py --config.data.root=/data/THUMOS14 \\
        --config.checkpoint.rule=oracle-test

W-TALC's bundle of the same videos: --config.data.name=thumos14_wtalc with its folder as the root.
The ablations of the paper's Tables 4 to 7 and 10 to 12: configs/case.py.
"""

from configs import case


def get_config():
    """THUMOS14's constants, which are the base's."""
    return case.get_config()
