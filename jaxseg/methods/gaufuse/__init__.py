"""GauFuse: Zhou et al., CVPR 2023."""
