"""Documents: the port and its adapters."""
