from . import channel_portal
from . import portal
from . import contract_portal
from . import home
