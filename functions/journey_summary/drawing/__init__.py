"""Draws a report as a PDF. reportlab is loaded with it: import it at first use."""
