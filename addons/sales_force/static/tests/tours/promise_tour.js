import {registry} from "@web/core/registry";

const opened = [
    {
        content: "Closed, it says what is wrong",
        trigger: ".o_sales_promise_head .badge:contains('1 of 2 lines short')",
    },
    {trigger: ".o_sales_promise_head", run: "click"},
    {trigger: ".o_sales_promise_customer dd:contains('50')"},
    {trigger: ".o_sales_promise_rep dd:contains('50')"},
];
const asked = [
    {
        trigger: ".o_sales_promise_line[data-product='Goods'] .o_sales_promise_ask",
        run: "click",
    },
    {
        trigger:
            ".o_sales_promise_line[data-product='Goods'] " +
            ".o_sales_promise_supply:contains('Asked for')",
    },
    {
        content: "It is asked for once",
        trigger: ".o_sales_promise:not(:has(.o_sales_promise_ask))",
    },
];

registry.category("web_tour.tours").add("sales_force_promise", {
    steps: () => [
        ...opened,
        {
            content: "Only the line that is short",
            trigger: ".o_sales_promise:not(:has([data-product='Dated']))",
        },
        ...asked,
        {trigger: ".o_sales_promise_all", run: "click"},
        {
            trigger: ".o_sales_promise_line[data-product='Dated'] button.btn-link",
            run: "click",
        },
        {trigger: ".o_sales_promise_lots dt:contains('LOT-1')"},
        {
            content: "Another quantity",
            trigger: ".o_data_row:contains('Goods') td[name=product_uom_qty]",
            run: "click",
        },
        {
            trigger: ".o_selected_row td[name=product_uom_qty] input",
            run: "edit 2 && press Tab",
        },
        {trigger: ".o_sales_promise_head:contains('when it is saved')"},
        {trigger: ".o_form_button_save", run: "click"},
        {
            content: "Saved, it is up to date",
            trigger: ".o_sales_promise_head .badge:contains('All goods in time')",
        },
    ],
});

registry.category("web_tour.tours").add("sales_force_promise_phone", {
    steps: () => [
        ...opened,
        ...asked,
        {
            content: "Nothing is wider than the phone",
            trigger: ".o_sales_promise",
            run: ({anchor}) => {
                if (anchor.scrollWidth > anchor.clientWidth) {
                    throw new Error("the panel is wider than the screen");
                }
            },
        },
    ],
});
