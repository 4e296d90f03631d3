from . import (
    test_clock,
    test_demo,
    test_dispatch,
    test_matching,
    test_service_access,
    test_service_concurrency,
    test_sla,
    test_ticket,
)
