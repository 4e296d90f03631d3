from . import feedback, screen
