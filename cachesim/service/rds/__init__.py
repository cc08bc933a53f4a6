"""RDS: DB instances, their snapshots, and the way back to a moment."""
