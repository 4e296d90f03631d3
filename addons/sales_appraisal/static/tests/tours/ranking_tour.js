import {registry} from "@web/core/registry";

/** A rep's boards: the own place and how far the next one is, also of days before. */
registry.category("web_tour.tours").add("sales_appraisal_leaderboard", {
    steps: () => [
        {
            content: "The card has the podium and the own place",
            trigger: ".o_kanban_record:contains('Zz Board') .o_sales_own:contains('F')",
            run: "click",
        },
        {trigger: ".o_form_view .o_sales_own:contains('100')"},
        {trigger: ".o_form_view .o_sales_standings:not(:contains('G'))"},
        {trigger: "button[aria-label='The period before']", run: "click"},
        {
            content: "Nothing was sold: all are equal",
            trigger: ".o_form_view .o_sales_own:contains('F'):not(:contains('100'))",
        },
        {trigger: "button[aria-label='The period after']", run: "click"},
        {trigger: ".o_form_view .o_sales_own:contains('100')"},
    ],
});

/** Announced, with the rules in words. */
registry.category("web_tour.tours").add("sales_appraisal_contest", {
    steps: () => [
        {trigger: ".o_kanban_record:contains('Zz Contest')", run: "click"},
        {trigger: ".nav-link[name=rules]", run: "click"},
        {trigger: "[name=rules]:contains('Place 1')"},
        {trigger: "button[name=action_announce]", run: "click"},
        {trigger: ".modal .btn-primary", run: "click"},
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Running')",
        },
        {trigger: ".nav-link[name=standings]", run: "click"},
        {trigger: ".o_sales_standings li:contains('A')"},
        {trigger: "button[name=action_revise]", run: "click"},
        {trigger: ".modal [name=reason] textarea", run: "edit The campaign moves"},
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {trigger: ".o_statusbar_status .o_arrow_button_current:contains('Draft')"},
    ],
});

/** A television. */
registry.category("web_tour.tours").add("sales_appraisal_screen", {
    steps: () => [
        {trigger: ".o_sales_screen h1:contains('Collected on screen')"},
        {trigger: ".o_sales_screen_rows li.o_sales_first:contains('A')"},
        {trigger: ".o_sales_screen_rows li:contains('B') .o_sales_screen_value"},
    ],
});
