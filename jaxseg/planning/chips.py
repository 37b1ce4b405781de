"""What chips are known to do at best, and how long a counted step would take on them.

An estimate, not a promise: each operation takes as long as its arithmetic at the chip's peak or
its bytes at the memory's, whichever is longer (the roofline), but never less than it takes to
start one; collectives come on top. No chip reaches its peaks, but caches can beat the memory's.
What is not in it: on a CPU, large temporaries can be new pages in every step.
"""

from typing import NamedTuple

from jaxseg.planning.collectives import Collective
from jaxseg.planning.costs import Flops, Operation
from jaxseg.planning.program import Step

GB, TFLOPS, MICROSECOND = 1e9, 1e12, 1e-6
# An exponential or a root on units that do 16 floating-point operations meanwhile: a GPU's special
# function units are as much slower than its others, and a CPU needs about that many steps.
TRANSCENDENTAL = 16
# JAX takes three quarters of a GPU's memory, unless told otherwise.
USABLE = 0.75


class Chip(NamedTuple):
    """Peaks of one device, per second.

    Attributes:
        matmul: FLOP of float32 matrix products at JAX's default precision: one pass of bfloat16
            on TPUs, TF32 on GPUs, float32 on CPUs.
        exact_matmul: of those that ask for full float32: six passes on TPUs, no tensor cores on
            GPUs.
        vector: FLOP of everything else.
        bandwidth: bytes to and from memory.
        memory: bytes.
        link: bytes to a neighbour, one way, in a group of at most `linked` devices.
        linked: how many those are.
        network: bytes one way in a larger group.
        start: seconds until an operation that depends on the one before it runs; assumed.
        latency: seconds of a collective without content; assumed.
    """

    name: str
    matmul: float
    exact_matmul: float
    vector: float
    bandwidth: float
    memory: float
    link: float
    linked: int
    network: float
    start: float
    latency: float


def _tpu(
    name: str,
    bf16: float,
    bandwidth: float,
    memory: float,
    link: float,
    vector: float,
    linked: int,
):
    """Float32 in six passes of bfloat16; all chips of a pod are joined by links."""
    return Chip(
        name,
        matmul=bf16 * TFLOPS,
        exact_matmul=bf16 * TFLOPS / 6,
        vector=vector * TFLOPS,
        bandwidth=bandwidth * GB,
        memory=memory * GB,
        link=link * GB,
        linked=linked,
        network=link * GB,
        start=1 * MICROSECOND,
        latency=3 * MICROSECOND,
    )


def _hopper(name: str, bandwidth: float, memory: float):
    """SXM modules: TF32 without sparsity 494.5, FP32 67 TFLOP/s; eight on NVLink, then 400 Gb/s."""
    return Chip(
        name,
        matmul=494.5 * TFLOPS,
        exact_matmul=67 * TFLOPS,
        vector=67 * TFLOPS,
        bandwidth=bandwidth * GB,
        memory=memory * GB,
        link=450 * GB,
        linked=8,
        network=50 * GB,
        start=3 * MICROSECOND,
        latency=15 * MICROSECOND,
    )


# TPUs: https://cloud.google.com/tpu/docs/v4, /v5e and /v5p (bfloat16 peak, memory, its bandwidth;
# the interconnect's bandwidth through the chip's 6, 4 and 6 links: one link, one way). Vector
# units are not in these pages: cores x 8 x 128 lanes x 4 operations x clock, as
# https://jax-ml.github.io/scaling-book/tpus/ counts them.
# GPUs: https://www.nvidia.com/en-us/data-center/h100/ and /h200/, the SXM columns.
CHIPS = (
    _tpu("TPU v4", bf16=275, bandwidth=1200, memory=32, link=50, vector=8.6, linked=4096),
    _tpu("TPU v5e", bf16=197, bandwidth=819, memory=16, link=50, vector=6.1, linked=256),
    _tpu("TPU v5p", bf16=459, bandwidth=2765, memory=95, link=100, vector=14.3, linked=8960),
    _hopper("H100", bandwidth=3350, memory=80),
    _hopper("H200", bandwidth=4800, memory=141),
)


class Times(NamedTuple):
    """Seconds of one step on one chip, estimated.

    Attributes:
        arithmetic: all FLOP at the chip's peaks.
        traffic: all bytes at the memory's bandwidth.
        work: the longer of the two, operation by operation.
        starting: what starting each operation takes alone.
        operations: the longer of these two, operation by operation.
        collectives: latency and content.
    """

    arithmetic: float
    traffic: float
    work: float
    starting: float
    operations: float
    collectives: float

    @property
    def bound(self) -> float:
        """No step is shorter, unless it stays in caches: the roofline of the step as a whole."""
        return max(self.arithmetic, self.traffic)

    @property
    def step(self) -> float:
        return self.operations + self.collectives


def estimate(step: Step, chip: Chip) -> Times:
    """How long a step takes on a mesh of such chips."""
    works = [each.times * _work(each, chip) for each in step.operations]
    starts = [each.times * chip.start for each in step.operations]
    return Times(
        arithmetic=_arithmetic(step.flops, chip),
        traffic=step.bytes_moved / chip.bandwidth,
        work=sum(works),
        starting=sum(starts),
        operations=sum(map(max, works, starts)),
        collectives=sum(each.times * _collective(each, chip) for each in step.collectives),
    )


def _arithmetic(flops: Flops, chip: Chip) -> float:
    vector = flops.vector + TRANSCENDENTAL * flops.transcendental
    return (
        flops.matmul / chip.matmul + flops.exact_matmul / chip.exact_matmul + vector / chip.vector
    )


def _work(operation: Operation, chip: Chip) -> float:
    return max(_arithmetic(operation.flops, chip), operation.bytes / chip.bandwidth)


def _collective(collective: Collective, chip: Chip) -> float:
    """Of a ring: an all-reduce goes round twice, everything else once."""
    devices = len(collective.groups[0])
    rounds = 2 if collective.kind == "all-reduce" else 1
    speed = chip.link if devices <= chip.linked else chip.network
    return chip.latency + rounds * (devices - 1) / devices * collective.bytes / speed


def most_members(step: Step, chip: Chip) -> int:
    """How many members of this kind a mesh of such chips has room for; memory grows with them."""
    each = step.device_bytes / step.members_per_device
    return int(USABLE * chip.memory // each) * step.mesh[0]


def balanced_members(step: Step, chip: Chip) -> float:
    """Members a device at which its work takes as long as starting it; with fewer, starting rules.

    From there on more devices along "member" make a step hardly shorter.
    """
    times = estimate(step, chip)
    return step.members_per_device * times.starting / times.work
