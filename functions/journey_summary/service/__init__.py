"""Makes reports and shows them to who may see them."""
