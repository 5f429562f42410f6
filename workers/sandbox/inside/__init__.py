"""What runs in the sandbox, under the customer's interpreter: the standard library and no more.

These files are copied to where the sandbox sees them (`equipment.py`); nobody imports them here.
"""
