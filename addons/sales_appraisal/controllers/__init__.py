from . import analysis, feedback, sandbox, screen
