from . import channel_portal
from . import portal
