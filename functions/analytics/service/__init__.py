"""What analytics does: it hears, counts, follows funnels and reads views."""
