"""Why runs cannot advance together."""


class CannotBeStacked(Exception):
    """The run is of a kind that a stack cannot train; the message says why, as in "it
    draws random numbers of its own".
    """
