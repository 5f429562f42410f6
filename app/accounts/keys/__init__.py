"""API keys: made, listed, revoked, rotated. Their expiry is real time, never business time."""
