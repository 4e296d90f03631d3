import {registry} from "@web/core/registry";

/** The leader's board: his own visit of today to Corner Shop, the rep's to Big Shop. */
registry.category("web_tour.tours").add("sales_force_visit_board", {
    steps: () => [
        {trigger: ".o_sales_visit_rep:contains('Leader'):contains('0/1')"},
        {trigger: ".o_sales_visit_rep:contains('Rep'):contains('1/1')"},
        {
            content: "What was: an outline and a filled bar, marked for its signal",
            trigger: ".vis-item.o_actual.o_effective.o_signals:contains('Big Shop')",
        },
        {trigger: ".vis-item.o_planned.o_effective:not(:contains('Big Shop'))"},
        {
            content: "What is planned: an outline; dragged to the rep",
            trigger: ".vis-item.o_planned.vis-editable:contains('Corner Shop')",
            run: (helpers) =>
                helpers.drag_and_drop(".vis-foreground .vis-group:nth-child(2)", {
                    position: {top: 20, left: 200},
                    relative: true,
                }),
        },
        {trigger: ".o_sales_visit_rep:contains('Rep'):contains('1/2')"},
        {trigger: "[data-scale=week]", run: "click"},
        {
            trigger: ".o_sales_visit_week .vis-item.o_actual",
            run: "click",
        },
        {
            trigger:
                ".modal .o_form_view .o_field_widget[name=partner_id]:contains('Big Shop')",
        },
        {trigger: ".modal .btn-close", run: "click"},
        {trigger: ".o_sales_visit_next:not(.modal *)", run: "click"},
        {
            content: "Nothing next week: it says what to do",
            trigger: ".o_sales_visit_board .alert:contains('Plan Visits')",
        },
        {trigger: "button:contains('Today')", run: "click"},
        {trigger: ".o_sales_visit_week .vis-item.o_actual"},
    ],
});

registry.category("web_tour.tours").add("sales_force_visit_board_phone", {
    steps: () => [
        {
            content: "The page itself does not scroll sideways",
            trigger: ".vis-item.o_actual",
            run: () => {
                const {scrollWidth} = document.documentElement;
                if (scrollWidth > window.innerWidth) {
                    throw new Error(`${scrollWidth} > ${window.innerWidth}`);
                }
            },
        },
        {
            content: "A finger scrolls, it does not plan",
            trigger: ".o_sales_visit_timeline:not(:has(.vis-editable))",
        },
        {trigger: ".vis-item.o_actual", run: "click"},
        {trigger: ".modal .o_form_view"},
    ],
});
