"""Files of the outside world, read and written: one reader a format."""
