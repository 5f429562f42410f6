"""Copies of e-mails on their way: claimed, handed to the server, recorded; or kept to be read.

waiting ──▶ claim (attempts + 1, a lease) ──▶ SMTP, nothing held open ──▶ record, if the token is
   ▲                                                                      still the same
   └── deferred: later and later; lease over: whoever comes next
"""
