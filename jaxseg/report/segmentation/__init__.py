"""The page of a segmentation run."""
