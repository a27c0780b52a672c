"""How models learn and are measured: pure descriptions of losses and measures.
``suite/training/loop.py`` loops.
"""
