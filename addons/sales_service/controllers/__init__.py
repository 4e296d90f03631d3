from . import rating
from . import portal
from . import articles
