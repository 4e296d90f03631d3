from . import rating
from . import portal
from . import appointment
from . import job_report
from . import nps
from . import articles
