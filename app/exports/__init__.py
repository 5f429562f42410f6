"""Exports: people, responses or runs, as they stood at one moment, into a file of a run.

asked ──▶ run queued, with its order ──▶ one cursor, page by page ──▶ spool on the local disk
                                                                           │ transaction over
          run ended, file listed, in one transaction ◀── store of files ◀──┘
"""
