"""Documents that two flows or more read."""
