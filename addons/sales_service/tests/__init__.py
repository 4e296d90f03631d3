from . import (
    test_clock,
    test_demo,
    test_mail,
    test_service_access,
    test_sla,
    test_ticket,
)
