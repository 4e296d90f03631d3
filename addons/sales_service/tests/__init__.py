from . import (
    test_clock,
    test_demo,
    test_dispatch,
    test_matching,
    test_facts,
    test_notice,
    test_rating,
    test_report,
    test_service_access,
    test_service_concurrency,
    test_sla,
    test_ticket,
)
