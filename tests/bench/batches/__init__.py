"""Participants in sequences, and the batch that goes by them."""
