"""What holds for every route, whichever they are: walls, scopes, and answers as documented."""
