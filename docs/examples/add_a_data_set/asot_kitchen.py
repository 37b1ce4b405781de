"""ASOT on the data set of entry.py: what differs from ASOT's defaults.

python -m jaxseg.main --config=docs/examples/add_a_data_set/asot_kitchen.py
                      --config.data.root=/data
"""

from configs import asot
from docs.examples.add_a_data_set import entry  # noqa: F401  makes "kitchen" a data set


def get_config():
    config = asot.get_config()
    config.num_epochs = 10
    config.data.name = "kitchen"
    config.data.standardize = True
    config.model.layers = (64, 32, 32)
    config.model.num_clusters = 3
    return config
