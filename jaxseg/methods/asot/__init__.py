"""ASOT: unsupervised segmentation with structured pseudo-labels (Xu and Gould, CVPR 2024)."""

from types import MappingProxyType

from jaxseg.methods.asot.config import AsotConfig as CONFIG

__all__ = ["CONFIG", "OWN_DATA"]

# On people's own data, with configs/asot_folder.py or `jaxseg.Segmenter`: Breakfast's constants and
# a network as wide as the features.
OWN_DATA = MappingProxyType(
    {
        "duration": "auto",
        "order": "auto",
        "num_epochs": 15,
        "least_steps": 300,
        "data.name": "folder",
        "data.scaling": "auto",
        "model.layers": (0, 128, 40),
        "model.clusters_by_activity": {"gesture_phase": 5},  # the embedded recordings
        "solver.train.alpha": 0.4,
        "solver.eval.alpha": 0.7,
        "solver.train.radius": 0.0,  # from duration
        "solver.eval.radius": 0.0,
        "solver.train.rho": -1.0,  # from order
        "solver.eval.rho": -1.0,
    }
)
