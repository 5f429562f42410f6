"""The rows of a chunk: parsed, taken in by the rules of their object, each with its result."""
