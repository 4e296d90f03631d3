from . import rating
from . import portal
from . import job_report
