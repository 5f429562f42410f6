"""The code of the self-test: a job like any other, which tries to get out."""
