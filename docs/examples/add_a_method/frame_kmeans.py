"""Online k-means on people's own features: an example of a config file, for configs/."""

from jaxseg import methods
from jaxseg.config import as_config_dict


def get_config():
    """The defaults, on a folder of features."""
    config = as_config_dict(methods.find("frame_kmeans").CONFIG)
    config.data.name = "folder"
    return config
