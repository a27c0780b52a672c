"""From recorded numbers to verdicts."""
