"""The audit: what is wrong with a dataset folder, found by looking at every picture of it."""
