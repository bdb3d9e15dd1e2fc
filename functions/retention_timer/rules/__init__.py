"""Pure rules of retention: periods, whose a file is, the report of a night."""
