import {registry} from "@web/core/registry";

/** The rep reads the plan and agrees: it begins. */
registry.category("web_tour.tours").add("sales_appraisal_coaching", {
    steps: () => [
        {trigger: ".o_kanban_record:contains('Visits a day')", run: "click"},
        {trigger: "button[name=action_agree]", run: "click"},
        {
            content: "It runs",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Running')",
        },
        {
            content: "What was to be done is to do",
            trigger: ".o_field_widget[name=exercise_ids] .badge:contains('To Do')",
        },
        {
            trigger: ".o_field_widget[name=exercise_ids] button[name=action_done]",
            run: "click",
        },
        {trigger: ".o_field_widget[name=exercise_ids] .badge:contains('Done')"},
    ],
});

/** The coach rates what was seen on a visit, and hands it over. */
registry.category("web_tour.tours").add("sales_appraisal_joint_visit", {
    steps: () => [
        {trigger: "button[name=action_observe]", run: "click"},
        {
            trigger:
                ".o_data_row:contains('Opening') .o_priority_star[aria-label='Good']",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=advice] textarea",
            run: "edit Ask for the order",
        },
        {trigger: "button[name=action_submit]", run: "click"},
        {
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('Submitted')",
        },
        {trigger: ".o_field_widget[name=score]:contains('4.00')"},
    ],
});

/** A level from the matrix. */
registry.category("web_tour.tours").add("sales_appraisal_skills", {
    steps: () => [
        {
            trigger: ".o_sales_skill_matrix tr[data-name=Rep] [data-skill=Closing]",
            run: "click",
        },
        {
            trigger: ".modal [name=level_id] .o_selection_badge:contains('L4')",
            run: "click",
        },
        {trigger: ".modal .o_form_button_save", run: "click"},
        {
            trigger:
                ".o_sales_skill_matrix tr[data-name=Rep] [data-skill=Closing]:contains('80')",
        },
    ],
});

/** Liked and used by somebody else. */
registry.category("web_tour.tours").add("sales_appraisal_wall", {
    steps: () => [
        {
            trigger: ".o_kanban_record:contains('Just ask') button[name=action_like]",
            run: "click",
        },
        {trigger: ".o_kanban_record:contains('Just ask') .fa-heart"},
        {
            trigger: ".o_kanban_record:contains('Just ask') button[name=action_use]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=result] textarea",
            run: "edit Two orders",
        },
        {trigger: ".modal .o_form_button_save", run: "click"},
        {trigger: "body:not(:has(.modal))"},
    ],
});

/** What a manager notes for themselves is kept. */
registry.category("web_tour.tours").add("sales_appraisal_one_on_one", {
    steps: () => [
        {trigger: ".o_data_row .o_data_cell[name=rep_id]", run: "click"},
        {
            trigger: ".o_field_widget[name=agenda_html]:contains('No core goal')",
        },
        {trigger: "a[name=private]", run: "click"},
        {
            trigger: ".o_field_widget[name=private_note] .odoo-editor-editable",
            run: "editor Ask about the holidays",
        },
        {trigger: ".o_form_button_save", run: "click"},
        {trigger: ".o_form_saved"},
        {trigger: "button[name=action_hold]", run: "click"},
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Held')",
        },
    ],
});

/** From what made the gap to a plan against it. */
registry.category("web_tour.tours").add("sales_appraisal_deviation", {
    steps: () => [
        {trigger: "[data-tile=gap]", run: "click"},
        {
            trigger: ".o_sales_deviation_row[data-name=Second] a",
            run: "click",
        },
        {trigger: ".o_sales_deviation h2:contains('Second')"},
        {
            trigger: ".o_sales_deviation_measure button:contains('Coach This')",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=origin]:contains('Deviation')",
        },
        {trigger: ".o_field_widget[name=rep_id] input:value('Second')"},
    ],
});
