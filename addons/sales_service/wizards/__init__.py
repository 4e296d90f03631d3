from . import sales_service_call
from . import sales_service_handover
from . import sales_service_merge
from . import sales_service_refuse
from . import sales_service_offer
from . import sales_service_sign
from . import sales_service_remedy
from . import sales_service_credit_refuse
