from . import screen
