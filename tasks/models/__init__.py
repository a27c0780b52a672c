"""The models that arms are built from."""
