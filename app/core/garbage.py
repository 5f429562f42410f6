"""When Python looks for cyclic garbage: seldom, and never among what lives as long as it does.

Measured: by its default it looks after every 700 new objects, which an item of a batch makes
several times over; it took a sixth of a batch's time and freed nothing, as nothing here is cyclic
but what errors leave behind.
"""

import gc

_NEW_OBJECTS = 50_000
_YOUNG, _OLD = 20, 50


def look_seldom() -> None:
    """Call once, after everything is loaded and before the work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _OLD)
