"""Parsing of extracted résumé text into structured data."""
