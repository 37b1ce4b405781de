"""CASE on ActivityNet v1.3: 200 classes, 10,024 training and 4,926 validation videos.

Paper (Table 3, mean of three runs): mAP 43.2 at tIoU .5, 26.2 at .75, 6.7 at .95; mean over
.5:.05:.95 26.8; its components in Table 10. The authors released no program for this data set:
T = 50, k = T // 2 and K = 64 are the paper's, 20 epochs (626 steps each) are ours. Needs I3D
features, one .npy a video; without --config.data.root this runs on a small generated twin instead.

    python -m jaxseg.main --config=configs/case_activitynet13.py
    python -m jaxseg.main --config=configs/case_activitynet13.py --config.data.root=/data/anet13

The ablations of the paper's Table 10 and the others: configs/case.py.
"""

from configs import case_activitynet12


def get_config():
    """Those of ActivityNet v1.2."""
    config = case_activitynet12.get_config()
    config.data.name = "activitynet13"
    return config
