"""What the intake does with uploads, deliveries and retries."""
