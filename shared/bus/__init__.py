"""The bus: the port and its adapters."""
