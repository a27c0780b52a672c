"""How comparisons are run, recorded and judged."""
