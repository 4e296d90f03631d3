from . import (
    test_clock,
    test_demo,
    test_duplicate,
    test_mail,
    test_portal,
    test_service_access,
    test_sla,
    test_source,
    test_ticket,
    test_warranty,
)
