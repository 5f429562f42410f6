"""From the columns of a file to the fields of the API, and from cells to items. Pure.

names, mapping ──▶ plan ──▶ parse(row) ──▶ item, or what is wrong with it and in which column
        └ a column that leads nowhere: the file is refused
"""
