"""CASE on ActivityNet v1.2: 100 classes, 4,819 training and 2,383 validation videos.

Paper (Table 3, mean of three runs): mAP 43.8 at tIoU .5, 27.2 at .75, 6.7 at .95; mean over
.5:.05:.95 27.9; its components in Table 10. The authors released no program for this data set:
T = 50, k = T // 2 and K = 64 are the paper's, 20 epochs (301 steps each) are ours. Needs I3D
features, one .npy a video, or W-TALC's bundle (--config.data.name=activitynet12_wtalc); without
--config.data.root this runs on a small generated twin instead.

    python -m jaxseg.main --config=configs/case_activitynet12.py
    python -m jaxseg.main --config=configs/case_activitynet12.py --config.data.root=/data/anet12

The ablations of the paper's Table 10 and the others: configs/case.py.
"""

from configs import case


def get_config():
    """THUMOS14's constants but for those that follow the videos' length."""
    config = case.get_config()
    config.data.name = "activitynet12"
    config.model.num_clusters = 64
    config.solver.top_divisor = config.predict.top_divisor = 2
    config.schedule.num_epochs = 20
    config.schedule.num_snippets = config.twin_schedule.num_snippets = 50
    config.evaluation.tiou = "activitynet"
    return config
