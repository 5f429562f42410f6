"""Uploads: a file's content comes in, in as many attempts as it takes, and is kept piece by piece.

    body ──▶ a piece of at most 8 MiB ──▶ durably in the store ──▶ a row: the upload is longer now
                                                                     └ only if nobody else wrote

What the row says is kept is kept. Nothing starts before `UploadComplete`.
"""
