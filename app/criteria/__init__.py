"""The condition language of rules, sequences, segments and suppression.

JSON ──parse──▶ tree ──compile_sql──▶ SQL for many rows
                  └────holds────────▶ Python for one row

Both readings of a tree give the same answer for every row, and the answer is always yes or no.
"""
