"""A method in miniature that asks for pseudo-labels: one number, and labels that show it."""

import jax
import jax.numpy as jnp
import numpy as np
import toy_gaufuse

from jaxseg.methods.method import Labels, Method, Refresh
from jaxseg.training import setup as run_setup
from jaxseg.training.step import make_init

# Two steps an epoch: refreshes before steps 0, 3 and 7 of 12; checkpoints after 5 and 10.
EPOCHS, STEPS, NUM_STEPS = (0.0, 1.5, 3.2), (0, 3, 7), 12
VALUES = {"num_epochs": 6, "seeds": 2, "checkpoint.watch_every": 1, "checkpoint.every": 5}
CONFIG = toy_gaufuse.make_config(VALUES)
DATA = toy_gaufuse.make_data()
WIDTH = len(toy_gaufuse.CLASSES) + 2


def label(outputs, number, config) -> Labels:
    """A column of its own at each refresh, from what the network says of the video's snippets."""
    if outputs["level"] < 0:
        raise ValueError(f"level must not be negative, got {outputs['level']}")
    labels = np.zeros((len(outputs["said"]), WIDTH), np.float32)
    labels[:, number] = outputs["said"]
    return Labels(labels, {"level": outputs["level"]})


def mix(epoch):
    return {0: (0.0, 0.0), 1: (1.0, 0.0)}.get(epoch, (2.0, -0.5))


def forget(carried):
    return {"since": jnp.full_like(carried["since"], -10)}


def make_method(**changes) -> Method:
    """Learns one number, which it adds to the sum of a snippet's features, and counts steps."""

    def init(key, example, member):
        return {"level": 2 + jax.random.uniform(key)}, {"since": jnp.zeros(())}

    def loss(params, carried, batch, key, member):
        asked = jnp.sum(batch["targets"], axis=(0, 1)) @ jnp.arange(1.0, WIDTH + 1)
        value = (params["level"] - 1e-3 * asked) ** 2
        metrics = {"loss": value, "asked": asked, "since": carried["since"]}
        return value, ({"since": carried["since"] + 1}, metrics)

    def predict(params, carried, video, member):
        return {"said": video["features"].sum(-1) + params["level"], "level": params["level"]}

    asked = Refresh(EPOCHS, extra_columns=2, label=label, mix=mix, reset=forget)
    asked = asked._replace(**changes)
    return Method(init, None, loss, lambda p: p, predict, refresh=asked, rows=("said",))


def set_up(config=CONFIG, **changes) -> run_setup.Setup:
    return run_setup.set_up(config, DATA)._replace(method=make_method(**changes))


def first_state(setup):
    return make_init(setup.method, setup.mesh)(setup.batches.batch(0), setup.inputs)
