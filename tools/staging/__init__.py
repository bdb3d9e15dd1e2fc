"""How a flow becomes an app of its own: what it can import, its packages, its archive."""
