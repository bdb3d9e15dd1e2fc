"""Blobs: the port and its adapters."""
