"""Files as bytes: their storage, content types, receipt, and the purposes of their signed URLs."""
