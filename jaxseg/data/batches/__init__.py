"""Training batches and test inputs from videos."""
