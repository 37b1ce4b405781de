"""jaxseg's solvers behind the problem and output types of other libraries."""
