"""What analytics decides, without I/O and without a clock."""
