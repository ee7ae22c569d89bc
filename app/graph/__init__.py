"""The graph: one file per noun, and the words in which they are written."""
