from . import sales_service_refuse
