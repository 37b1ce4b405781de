"""ASOT: Xu and Gould, CVPR 2024."""
