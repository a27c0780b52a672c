"""How models learn and are measured: pure descriptions of losses and measures. ``suite/training.py`` loops."""
