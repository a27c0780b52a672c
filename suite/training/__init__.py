"""What a worker runs, and what a run's key hashes."""
