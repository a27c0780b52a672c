"""Run a campaign: driver, cells, launch."""
