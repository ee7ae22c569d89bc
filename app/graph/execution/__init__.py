"""How operations run: documents prepared once, their limits, and the answers they give."""
