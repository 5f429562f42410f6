"""Files of any size: kept whole, read once, taken in chunk by chunk, accounted for row by row.

upload ──▶ pieces in the store ──▶ run: read, checked, cut into chunks ──▶ lanes do the chunks
                                         └ a file that makes no sense         └ each row ends
                                           fails the run before row 1           successful, failed
                                                                                or unprocessed
"""
