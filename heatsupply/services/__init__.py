"""Every change of the room, by subject."""
