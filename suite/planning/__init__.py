"""Profiles, plans and what they cost."""
