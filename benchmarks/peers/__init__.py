"""Other programs that segment sequences without labels: a hidden Markov model and TW-FINCH."""
