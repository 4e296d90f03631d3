from . import (
    test_clock,
    test_demo,
    test_dispatch,
    test_matching,
    test_facts,
    test_notice,
    test_rating,
    test_report,
    test_duplicate,
    test_mail,
    test_portal,
    test_service_access,
    test_service_concurrency,
    test_sla,
    test_source,
    test_ticket,
    test_warranty,
)
from . import test_answer
from . import test_article
from . import test_similar
from . import test_weakness
from . import test_standard
from . import test_ranking
