"""CASE: Liu et al., ICCV 2023."""
