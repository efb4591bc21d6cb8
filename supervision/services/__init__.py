"""Every change of the room."""
