"""GauFuse's losses of one video of T snippets; the method averages them over a batch.

G classes, and background as the last column of every [.., G + 1]. Snippets where a mask does not
hold are padding and change nothing.
"""

import jax
import jax.numpy as jnp

from jaxseg.methods.gaufuse.config import GaufuseLossConfig
from jaxseg.methods.gaufuse.network import RskpOutputs
from jaxseg.methods.parts.losses import masked_mean, soft_cross_entropy


def video_losses(
    outputs: RskpOutputs,
    mask: jax.Array,
    labels: jax.Array,
    targets: jax.Array,
    epoch: jax.Array,
    loss: GaufuseLossConfig,
) -> dict[str, jax.Array]:
    """The weighted losses of one video by name; their sum is what is trained.

    Args:
        outputs: of the network, its memory branch included.
        mask: [T] bool.
        labels: [G], 1 for the classes the video has.
        targets: [T, G + 1], what pseudo-labels ask for, of either sign; 0 where there are none.
        epoch: in the published schedule's count.
        loss: choices, which are static, and numbers, which may be traced.
    """
    remembers = jnp.where(epoch > loss.memory_from, loss.memory_weight, 0.0)
    branches = ((outputs.original, 1.0), (outputs.propagated, 1.0), (outputs.memory, remembers))
    agnostic = [weight * class_loss(each.agnostic_logits, labels, 0) for each, weight in branches]
    wise = [weight * class_loss(each.wise_logits, labels, 1) for each, weight in branches]
    attention = jax.nn.sigmoid(outputs.original.attention_logits)
    return {
        "agnostic_loss": loss.agnostic_weight * sum(agnostic),
        "wise_loss": loss.wise_weight * sum(wise),
        "attention_loss": loss.attention_weight * attention_loss(attention, mask, loss.top_divisor),
        "distillation_loss": distillation_weight(epoch, loss)
        * distillation_loss(outputs, mask, epoch, loss),
        "pseudo_loss": pseudo_weight(epoch, loss) * pseudo_loss(outputs, mask, targets, loss),
    }


def class_loss(logits: jax.Array, labels: jax.Array, background: int) -> jax.Array:
    """Cross-entropy of softmax(logits) and the labels [y, background], divided by their sum.

    Args:
        logits: [G + 1].
        labels: [G]; a video without any class costs nothing.
        background: 1 for class-wise attention, whose mean of snippets shows background too; else 0.
    """
    total = jnp.sum(labels)
    shares = jnp.append(labels, jnp.where(total > 0, background, 0))
    shares = shares / jnp.maximum(jnp.sum(shares), 1)
    return soft_cross_entropy(shares, jax.nn.log_softmax(logits))


def attention_loss(attention: jax.Array, mask: jax.Array, divisor: int) -> jax.Array:
    """Mean of the lowest T // divisor attentions [T] (at least one) minus that of the highest."""
    count = jnp.maximum(jnp.sum(mask) // divisor, 1)
    highest = masked_mean(attention, top(attention, mask, count))
    return masked_mean(attention, top(-attention, mask, count)) - highest


def top(values: jax.Array, mask: jax.Array, count: jax.Array) -> jax.Array:
    """The `count` highest valid entries as bool [T]; of equal ones the first."""
    order = jnp.argsort(jnp.where(mask, -values, jnp.inf), stable=True)
    rank = jnp.zeros(len(values), jnp.int32).at[order].set(jnp.arange(len(values)))
    return (rank < count) & mask


def distillation_loss(
    outputs: RskpOutputs, mask: jax.Array, epoch: jax.Array, loss: GaufuseLossConfig
) -> jax.Array:
    """Self-distillation: the original branch learns softmax(o^ / .2) of the propagated one.

    The target carries no gradient. Once the memory is filled, its branch has a share in it.
    """
    share = jnp.where(epoch > loss.memory_from, loss.memory_share, 0.0)
    propagated, memory = outputs.propagated.class_logits, outputs.memory.class_logits
    target = (1 - share) * propagated + jnp.where(share > 0, share * memory, 0)
    soft = jax.nn.softmax(jax.lax.stop_gradient(target) / loss.distillation_temperature)
    tempered = outputs.original.class_logits / loss.distillation_temperature
    return masked_mean(soft_cross_entropy(soft, jax.nn.log_softmax(tempered)), mask)


def distillation_weight(epoch: jax.Array, loss: GaufuseLossConfig) -> jax.Array:
    """Weight of the self-distillation: 1 up to epoch 100, .5 up to 200, then 1."""
    passed = jnp.sum(epoch > jnp.array(loss.distillation_at, jnp.float32), dtype=jnp.int32)
    return jnp.array(loss.distillation_weights, jnp.float32)[passed]


def pseudo_loss(
    outputs: RskpOutputs, mask: jax.Array, targets: jax.Array, loss: GaufuseLossConfig
) -> jax.Array:
    """- mean_t sum_c target_tc (.8 log softmax(o) + .2 log softmax(o^)).

    A negative target pushes its class down.
    """

    def cost(branch):
        log_probabilities = jax.nn.log_softmax(branch.class_logits)
        asked = targets != 0
        return -jnp.sum(targets * jnp.where(asked, log_probabilities, 0), axis=-1)

    share = loss.pseudo_share
    both = share * cost(outputs.original) + (1 - share) * cost(outputs.propagated)
    return masked_mean(both, mask)


def pseudo_weight(epoch: jax.Array, loss: GaufuseLossConfig) -> jax.Array:
    """Weight of the pseudo-labels: 10 at epoch 200, growing by 3.5 % an epoch up to 50."""
    grown = loss.pseudo_weight * loss.pseudo_growth ** (epoch - loss.pseudo_from)
    return jnp.minimum(grown, loss.pseudo_limit)
