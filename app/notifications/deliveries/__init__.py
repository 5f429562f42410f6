"""Events on their way to endpoints: who gets which, when, and what came of it."""
