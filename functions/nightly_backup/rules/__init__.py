"""What a backup is, which are kept, and how documents become lines of it: no ports, no clock."""
