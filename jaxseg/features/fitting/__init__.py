"""Parts of features that are learned from a sample of the videos, written and read again."""
