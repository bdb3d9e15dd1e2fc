"""Pure rules of what comes in: signatures, what webhooks say, which files may be retried."""
