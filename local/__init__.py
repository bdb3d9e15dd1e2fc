"""The house on one machine: every flow's functions in one process, on embedded stores."""
