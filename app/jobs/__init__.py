"""Jobs: what customers define and upload to be run."""
