"""Laws that compare two ways of counting the same."""


def differ(place: str, expected: str, found: str, *, nothing: str = "0") -> str:
    """Where two counts by the same columns are not the same; absent is nothing."""
    return f"""
        WITH expected AS ({expected}), found AS ({found})
        SELECT {place}, expected.n AS expected, found.n AS found
          FROM expected FULL JOIN found USING ({place})
         WHERE coalesce(expected.n, {nothing}) <> coalesce(found.n, {nothing})"""
