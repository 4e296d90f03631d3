from . import analysis, feedback, screen
