"""Data augmentation, as part of an arm."""
