"""What a rep has to do, and what becomes of it."""
