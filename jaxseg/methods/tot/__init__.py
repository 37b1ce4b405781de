"""TOT and TOT+TCL: temporal optimal transport with ordered decoding (Kumar et al., CVPR 2022)."""

from types import MappingProxyType

from jaxseg.methods.tot.config import TotConfig as CONFIG

__all__ = ["CONFIG", "OWN_DATA"]

# On people's own data, with configs/tot_folder.py or `jaxseg.Segmenter`: Breakfast's constants, a
# network as wide as the features, and ASOT's protocols, so that the two can be compared.
OWN_DATA = MappingProxyType(
    {
        "duration": "auto",
        "order": "auto",
        "tcl": True,
        "num_epochs": 30,
        "least_steps": 2000,
        "optimizer.freeze_steps": 300,
        "data.name": "folder",
        "data.scaling": "auto",
        "data.neighbor_window": 0,  # from duration
        "model.layers": (0, 80, 40),
        "model.clusters_by_activity": {"gesture_phase": 5},  # the embedded recordings
        "solver.train.sigma": 0.0,  # from order
        "solver.eval.recurring": -1.0,
        "solver.eval.stay_probability": 0.0,  # from duration
        "evaluation.protocols": ("asot-exact", "asot"),
        "evaluation.exclusion": "drop",
    }
)
