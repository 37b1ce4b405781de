"""TOT: Kumar et al., CVPR 2022."""
