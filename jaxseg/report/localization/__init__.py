"""The page of a localization run."""
