"""Who changed which definition, when: written with the change, kept for 400 days."""
