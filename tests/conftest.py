"""What the tests of several rooms share: quick compilation, and a run that is done."""

import contextlib
import os
import signal

import jax
import pytest
import toy

# A shell starts what is in the background, or under nohup, with these two ignored, and all that the
# tests start would inherit that: a test of Ctrl-C would wait for ever.
for number, handler in {
    signal.SIGINT: signal.default_int_handler,
    getattr(signal, "SIGHUP", None): signal.SIG_DFL,
}.items():
    if number is not None and signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def quickly(tmp_path_factory):
    """with quickly(): compiles without optimizing, and one program once in a session.

    Optimizing a program as small as the toy's takes longer than all of its runs.
    """
    folder = os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(tmp_path_factory.mktemp("programs"))
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    # For the processes that tests start: two runs of the same command compile once.
    os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"

    @contextlib.contextmanager
    def compiling():
        before = jax.config.read("jax_disable_most_optimizations")
        jax.config.update("jax_disable_most_optimizations", True)
        try:
            yield
        finally:
            jax.config.update("jax_disable_most_optimizations", before)

    return compiling


@pytest.fixture
def quick_compile(quickly):
    """The whole test compiles quickly."""
    with quickly():
        yield


@pytest.fixture(scope="session")
def train_toy(quickly, tmp_path_factory):
    """train_toy(config) -> (setup, state in NumPy, workdir), trained to the end."""

    def train(config, *, data=None, workdir=None):
        workdir = workdir or tmp_path_factory.mktemp("run")
        with quickly():
            return *toy.train(config, workdir, data), workdir

    return train


@pytest.fixture(scope="session")
def toy_run(train_toy):
    """One finished run of both activities with two seeds."""
    return train_toy(toy.make_config({"seeds": 2}))
