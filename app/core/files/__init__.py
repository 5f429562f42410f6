"""Files beside the database: uploads, and what runs leave. One port, two kinds of store.

    write ──▶ a temporary name ──▶ all on the disk ──▶ its own name ──▶ the folder on the disk
                └ anything goes wrong: gone, as if it had never been

Whoever writes a name has it durably once `write` returns, and nobody ever sees half of it. Names
are made by us; nothing that a caller sends becomes part of one.
"""
