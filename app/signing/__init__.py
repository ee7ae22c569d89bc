"""Sealed tokens, signed URLs and JWS documents."""
