"""Pages by their geometry: from characters with places to lines in reading order."""
