"""Jobs: their definitions, from draft to expiry. What runs of them do is told elsewhere."""
