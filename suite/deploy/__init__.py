"""Manifests for clusters."""
