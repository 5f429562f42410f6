"""Why a measure has no figure."""


class Wrong(Exception):
    """A measure saw what it must not see: a wrong status, a lost row, a row left unresolved."""
