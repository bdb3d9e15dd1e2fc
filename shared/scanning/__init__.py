"""Scanners for malware: the port and its adapters."""
