"""What one would write instead: each honest, short, and what its docstring says."""
