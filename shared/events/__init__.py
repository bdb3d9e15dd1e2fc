"""What happened, told to other flows: the CloudEvents envelope and one model per event type."""
