import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const addShare = (rep, share) => [
    {
        trigger: "[name=sales_split_ids] .o_field_x2many_list_row_add a",
        run: "click",
    },
    {
        trigger: "[name=sales_split_ids] .o_selected_row [name=rep_id] input",
        run: `edit ${rep}`,
    },
    {
        trigger: `.o-autocomplete--dropdown-item:contains(/^${rep}$/)`,
        run: "click",
    },
    {
        trigger: "[name=sales_split_ids] .o_selected_row [name=share] input",
        run: `edit ${share}`,
    },
    {
        content: "Leave the row",
        trigger: ".o_form_view .oe_title",
        run: "click",
    },
];

registry.category("web_tour.tours").add("sales_force_split", {
    steps: () => [
        {
            trigger: "a[name=sales_credits]",
            run: "click",
        },
        ...addShare("Rep", "60"),
        {trigger: ".alert:contains('The shares sum to 60.00')"},
        ...addShare("Leader", "40"),
        {trigger: ".o_form_view:not(:has(.alert:contains('The shares sum')))"},
        ...stepUtils.saveForm(),
        {
            content: "The credits follow",
            trigger: "button[name=action_open_sales_credits]",
            run: "click",
        },
        {
            trigger: ".o_group_header:contains('Ordered')",
            run: "click",
        },
        {trigger: ".o_data_row:contains('Leader'):contains('40.00')"},
    ],
});

registry.category("web_tour.tours").add("sales_force_dashboard", {
    steps: () => [
        {
            trigger: ".o_search_panel li:contains('Sales Force')",
            run: "click",
        },
        {trigger: ".o_renderer .o-figure canvas"},
        {trigger: "body:not(:has(.o_error_dialog))"},
    ],
});
