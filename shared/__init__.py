"""The kernel: what two flows or more need."""
