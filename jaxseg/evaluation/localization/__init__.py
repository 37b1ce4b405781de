"""Scores of action localization: mAP and its relatives, under the field's protocols."""
