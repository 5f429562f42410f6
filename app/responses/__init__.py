"""Campaign responses: taken in, held, scored, resolved; nothing lost, nothing twice."""
