"""When Python looks for cyclic garbage: seldom, and never among what lives as long as it does.

By its default Python looks after every 700 new objects; a batch of 500 makes tens of thousands, and
nearly all of them live until the answer. In samples of the process the pauses fell on whatever was
making objects just then. Nothing here is cyclic but what errors leave behind.
"""

import gc

_NEW_OBJECTS = 300_000
_YOUNG, _OLD = 20, 50


def look_seldom() -> None:
    """Call once, after everything is loaded and before the work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _OLD)
