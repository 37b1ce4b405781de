"""Scores of action segmentation: MoF, F1, mIoU, edit, under the field's protocols."""
