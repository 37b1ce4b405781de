"""What is "auto" about people's own sequences, found from the data without labels.

`settle` turns a config with "auto" in it into one with numbers: `grid` proposes durations from a
cheap segmentation, `scouts` trains a short program with one member a duration, and `description`
says which member's segmentation tells most about the data for its length.
"""
