"""Calls to addresses that customers give: guarded, so that nobody is led inside through us."""
