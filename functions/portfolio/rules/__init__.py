"""Documents of portfolios, who sees them, and which files are taken as evidence."""
