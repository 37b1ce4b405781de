"""jaxseg's solvers as ott-jax's: its problems in, outputs with its names out.

    from jaxseg.interop.ott import GromovWasserstein  # for ott.solvers.quadratic's

    problem = quadratic_problem.QuadraticProblem(
        BandGeometry(num_frames, radius), DiscreteGeometry(num_actions), geometry.Geometry(cost),
        fused_penalty=2.0, loss=PRODUCT_LOSS,
    )
    plan = GromovWasserstein(sinkhorn.Sinkhorn(), epsilon=0.2)(problem).matrix

ott-jax's own solvers take the very same problem. Everything works under `jit` and `vmap`. The two
geometries of a temporal problem are ott-jax's own `Geometry` and give it a dense `cost_matrix`
where it asks for one; but they know their structure, so that their products with vectors take
linear time, in ott-jax's solvers too.
"""

from jaxseg.interop.ott.geometries import PRODUCT_LOSS, BandGeometry, DiscreteGeometry
from jaxseg.interop.ott.outputs import GromovWassersteinOutput, SinkhornOutput
from jaxseg.interop.ott.solvers import GromovWasserstein, Sinkhorn, require_temporal

__all__ = [
    "PRODUCT_LOSS",
    "BandGeometry",
    "DiscreteGeometry",
    "GromovWasserstein",
    "GromovWassersteinOutput",
    "Sinkhorn",
    "SinkhornOutput",
    "require_temporal",
]
