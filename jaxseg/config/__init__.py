"""ConfigDict -> frozen, validated dataclasses; a wrong value is one sentence naming the key.

`shared` has the sections that every method has, `localization` those of its task; each method's own
stand in `jaxseg.methods.<name>.config`. `jaxseg.methods.from_dict` builds a whole config.
"""

from jaxseg.config.fields import Key, as_config_dict, complete, describe, flatten, nest, to_dict
from jaxseg.config.shared import AFTER_TRAINING, Config

__all__ = [
    "AFTER_TRAINING",
    "Config",
    "Key",
    "as_config_dict",
    "complete",
    "describe",
    "flatten",
    "nest",
    "to_dict",
]
