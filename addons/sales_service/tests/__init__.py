from . import (
    test_clock,
    test_service_access,
    test_sla,
    test_ticket,
)
