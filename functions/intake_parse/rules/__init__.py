"""Rules that read a résumé out of extracted text."""

from functions.intake_parse.rules.resume import parse

__all__ = ["parse"]
