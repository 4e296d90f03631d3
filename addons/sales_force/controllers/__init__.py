from . import channel_portal
