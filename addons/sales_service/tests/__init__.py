from . import (
    test_appointment,
    test_appraisal,
    test_appointment_access,
    test_appointment_concurrency,
    test_appointment_portal,
    test_board,
    test_clock,
    test_demo,
    test_dispatch,
    test_matching,
    test_facts,
    test_form,
    test_form_pure,
    test_form_portal,
    test_form_concurrency,
    test_job,
    test_job_access,
    test_job_concurrency,
    test_job_report,
    test_part,
    test_phone,
    test_notice,
    test_rating,
    test_report,
    test_duplicate,
    test_later,
    test_mail,
    test_portal,
    test_service_access,
    test_service_concurrency,
    test_sla,
    test_source,
    test_ticket,
    test_warranty,
    test_windows,
    test_documents,
    test_credit,
    test_nps,
    test_quality_alert,
    test_documents_concurrency,
)
from . import test_answer
from . import test_article
from . import test_contract
from . import test_similar
from . import test_weakness
from . import test_standard
from . import test_ranking
from . import test_service_performance
