"""Analytics: what happened, kept by month, counted as it comes, shown by views."""
