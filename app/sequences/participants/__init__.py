"""Who is in a sequence: put in, shown, taken out."""
