from . import (
    test_clock,
    test_demo,
    test_facts,
    test_notice,
    test_rating,
    test_report,
    test_service_access,
    test_sla,
    test_ticket,
)
