import {registry} from "@web/core/registry";

/** The rep's card of a period that is over: assessed by the rep. */
registry.category("web_tour.tours").add("sales_appraisal_mine", {
    steps: () => [
        {
            trigger: ".o_kanban_record:contains('92.00')",
            run: "click",
        },
        {
            content: "How the score comes about, in words",
            trigger: ".o_form_view [name=summary]:contains('Judgement')",
        },
        {trigger: "button[name=action_submit_self]", run: "click"},
        {
            content: "It is the manager's turn",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Manager')",
        },
    ],
});

/** The calibration board: another grade by hand, with a reason, and by dragging. */
registry.category("web_tour.tours").add("sales_appraisal_calibration", {
    steps: () => [
        {
            trigger:
                ".o_sales_calibration_board section[aria-label=B] article:contains('Rep')",
        },
        {
            trigger:
                "section[aria-label=B] article:contains('Rep') button:contains('Another')",
            run: "click",
        },
        {
            trigger: ".modal [name=grade_id] .o_selection_badge:contains('A')",
            run: "click",
        },
        {trigger: ".modal [name=reason] textarea", run: "edit A new territory"},
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {
            content: "Before and after",
            trigger: "section[aria-label=A] article:contains('B → A')",
        },
        {
            content: "Dragged back",
            trigger: "section[aria-label=A] article:contains('Rep')",
            run: "drag_and_drop section[aria-label=B]",
        },
        {trigger: ".modal [name=reason] textarea", run: "edit Not after all"},
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {trigger: "section[aria-label=B] article:contains('Rep'):not(:contains('→'))"},
    ],
});

/** A template's line with its curve. */
registry.category("web_tour.tours").add("sales_appraisal_template", {
    steps: () => [
        {
            trigger:
                ".o_field_widget[name=line_ids] .o_data_row svg.o_sales_score_curve",
        },
        {
            trigger:
                ".o_field_widget[name=line_ids] .o_data_row .o_data_cell[name=name]",
            run: "click",
        },
        {trigger: ".modal svg.o_sales_score_curve path.curve"},
        {trigger: ".modal .btn-close", run: "click"},
    ],
});

/** What the scores of a period say together; a figure opens its cards. */
registry.category("web_tour.tours").add("sales_appraisal_analysis", {
    steps: () => [
        {
            trigger: ".o_sales_score_analysis h3:contains('How Strict')",
        },
        {trigger: ".o_sales_score_analysis tr:contains('Leader') td:contains('92.0')"},
        {
            trigger: ".o_sales_score_analysis section:first a:contains('cards')",
            run: "click",
        },
        {trigger: ".o_list_view .o_data_row:contains('Rep')"},
    ],
});
