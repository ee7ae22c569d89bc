"""Signatures: sealed tokens, signed URLs and JWS documents."""
