"""Runs of one architecture that advance together, as one batched model."""
