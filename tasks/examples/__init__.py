"""Complete comparisons to start from: `bakeoff run quick --task-file FILE`."""
