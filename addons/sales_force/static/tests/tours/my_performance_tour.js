import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_force_my_performance", {
    steps: () => [
        {
            trigger:
                ".o_sales_card[data-metric=Ordered] .o_sales_card_value:contains('100')",
        },
        {trigger: ".o_sales_card[data-metric=Ordered] canvas"},
        {
            trigger: "button[data-period=year]",
            run: "click",
        },
        {trigger: "button[data-period=year].active"},
        {trigger: ".o_sales_performance span:contains('This year')"},
        {
            trigger: "button[data-period=month]",
            run: "click",
        },
        {trigger: ".o_sales_performance span:contains('This month')"},
        {
            content: "What stands behind the card",
            trigger: ".o_sales_card[data-metric=Ordered]",
            run: "click",
        },
        {
            trigger: ".o_group_header:contains('Alpha')",
            run: "click",
        },
        {
            content: "The document in two clicks",
            trigger: ".o_data_row button[name=action_open_document]",
            run: "click",
        },
        {trigger: ".o_form_view .o_field_widget[name=order_line]"},
    ],
});

registry.category("web_tour.tours").add("sales_force_my_performance_choose", {
    steps: () => [
        {
            content: "Nothing of one's own yet: the screen says what to do",
            trigger: ".o_nocontent_help:contains('Confirm an order')",
        },
        {
            trigger: ".o_sales_rep_selector input",
            run: "edit Rep",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(/^Rep$/)",
            run: "click",
        },
        {trigger: ".o_sales_performance h2:contains(/^Rep$/)"},
        {trigger: ".o_sales_card[data-metric=Ordered]"},
    ],
});

registry.category("web_tour.tours").add("sales_force_my_performance_phone", {
    steps: () => [
        {trigger: ".o_sales_card[data-metric=Ordered] canvas"},
        {
            content: "Nothing is wider than the phone",
            trigger: ".o_sales_cards",
            run() {
                const {scrollWidth} = document.documentElement;
                if (scrollWidth > window.innerWidth + 1) {
                    throw new Error(`The page is ${scrollWidth} px wide`);
                }
            },
        },
        {
            content: "What is below the screen can be scrolled to",
            trigger: ".o_action",
            run() {
                const {overflowY} = getComputedStyle(this.anchor);
                if (overflowY !== "auto") {
                    throw new Error(`The page does not scroll: ${overflowY}`);
                }
            },
        },
        {
            trigger: ".o_sales_card[data-metric=Ordered]",
            run: "click",
        },
        {trigger: ".o_kanban_view, .o_list_view"},
    ],
});
