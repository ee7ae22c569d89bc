"""Organizations, their units, and the keys by which programs call for them."""
