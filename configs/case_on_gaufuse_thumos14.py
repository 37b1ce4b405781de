"""CASE's clusters on GauFuse's backbone, THUMOS14 (Liu et al., ICCV 2023, Table 2).

Published: mean mAP over tIoU .1:.1:.7 49.2, where GauFuse by itself has 48.3. No program was
released for it: SCC and CCC are put on the backbone's embedding, with foreground labels from its
own map and losses beside its own; the test's attention is the mean of the backbone's and of the
clusters', which is never near 0, so that the map's thresholds are CASE's. Without
--config.data.root this runs on a small generated twin.

    python -m jaxseg.main --config=configs/case_on_gaufuse_thumos14.py
    python -m jaxseg.main --config=configs/case_on_gaufuse_thumos14.py \\
        --config.data.root=/data/THUMOS14

The test without clusters, of what was trained already, at the backbone's own thresholds:

    python -m jaxseg.main --config=configs/gaufuse_thumos14.py --config.loss.clustering=full \\
        --workdir=runs/case_on_gaufuse_thumos14

Parts of the method and their alternatives: configs/gaufuse.py and configs/case.py.
"""

from configs import gaufuse


def get_config():
    """GauFuse with CASE's losses and clustering-assisted test."""
    config = gaufuse.get_config()
    config.loss.clustering = "full"
    config.predict.foreground = "both"
    config.predict.thresholds = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    return config
