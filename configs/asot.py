"""ASOT's base: what its five data sets share, with the field's names for every constant.

Paper: Xu and Gould, Temporally Consistent Unbalanced Optimal Transport for Unsupervised Action
Segmentation, CVPR 2024. The files beside this one set what differs between data sets.
"""

from ml_collections import ConfigDict

from jaxseg.config import as_config_dict
from jaxseg.methods.asot import CONFIG


def get_config() -> ConfigDict:
    """Every key of an ASOT run with its default."""
    return as_config_dict(CONFIG)
