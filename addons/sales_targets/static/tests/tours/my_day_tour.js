import {registry} from "@web/core/registry";

registry.category("web_tour.tours").add("sales_targets_my_day", {
    steps: () => [
        {
            content: "The plan names the customer and says why",
            trigger:
                ".o_sales_item[data-kind=visit]:contains(Alpha):contains(Never visited)",
        },
        {
            trigger: ".o_sales_item[data-kind=visit]:contains(Beta) button[name=drop]",
            run: "click",
        },
        {trigger: "details[data-part=dropped]:not([open])"},
        {trigger: "button[name=accept_all]", run: "click"},
        {
            trigger:
                ".o_sales_item[data-kind=visit][data-state=accepted]:contains(Alpha)",
        },
        {trigger: "button[name=add]", run: "click"},
        {trigger: ".o_sales_add select[name=kind]", run: "select task"},
        {trigger: ".o_sales_add input[name=name]", run: "edit Tidy the car"},
        {trigger: ".modal button[name=confirm]", run: "click"},
        {
            content: "A task is ticked by hand",
            trigger:
                ".o_sales_item[data-kind=task]:contains(Tidy the car) button[name=tick]",
            run: "click",
        },
        {trigger: "details[data-part=done] .o_sales_item:contains(Tidy the car)"},
        {
            content: "Gamma first",
            trigger: ".o_sales_item_open:contains(Gamma) button[name=menu]",
            run: "click",
        },
        {trigger: ".o-dropdown-item:contains(Move up)", run: "click"},
        {trigger: ".o_sales_items .o_sales_item:first:contains(Gamma)"},
        {
            content: "What was accepted is dropped for a reason, and taken back",
            trigger: ".o_sales_item_open:contains(Gamma) button[name=menu]",
            run: "click",
        },
        {trigger: ".o-dropdown-item:contains(Drop for today)", run: "click"},
        {trigger: ".modal button[name=confirm][disabled]"},
        {trigger: ".modal select[name=reason]", run: "selectByLabel Own time"},
        {trigger: ".modal button[name=confirm]:enabled", run: "click"},
        {
            trigger:
                "details[data-part=dropped][open] .o_sales_item:contains(Gamma):contains(Counts as planned)",
        },
        {
            trigger:
                "details[data-part=dropped] .o_sales_item:contains(Gamma) button[name=take_back]",
            run: "click",
        },
        {trigger: ".o_sales_item_open:contains(Gamma)"},
        {
            content: "The visit ticks itself",
            trigger: ".o_sales_item_open:contains(Alpha) button[name=open]",
            run: "click",
        },
        {
            trigger: ".o_sales_visit_check button:contains(Check In)",
            run: "click",
        },
        {trigger: ".modal button:contains(Agree)", run: "click"},
        {
            trigger: ".o_sales_visit_check button:contains(Check Out)",
            run: "click",
        },
        {trigger: ".o_form_view:not(:has(.o_sales_visit_check .btn))"},
    ],
});

registry.category("web_tour.tours").add("sales_targets_my_day_evening", {
    steps: () => [
        {trigger: "details[data-part=done] .o_sales_item:contains(Alpha)"},
        {trigger: "button[name=finish]", run: "click"},
        {trigger: ".o_sales_day_review .o_sales_miss:contains(Gamma)"},
        {trigger: "button[name=submit][disabled]"},
        {
            trigger: ".o_sales_miss:contains(Gamma) select[name=reason]",
            run: "selectByLabel Customer absent",
        },
        {
            trigger: ".o_sales_miss:contains(Gamma) input[name=note]",
            run: "edit Back on Monday",
        },
        {trigger: "button[name=submit]:enabled", run: "click"},
        {
            trigger:
                "details[data-part=missed] .o_sales_item:contains(Customer absent: Back on Monday)",
        },
        {trigger: ".o_sales_head .badge:contains(Submitted)"},
    ],
});

registry.category("web_tour.tours").add("sales_targets_team_day", {
    steps: () => [
        {
            trigger: ".o_sales_team_row[data-rep=Rep] .badge:contains(Submitted)",
        },
        {trigger: ".o_sales_reasons:contains(Customer absent)"},
        {trigger: "button[data-period=month]", run: "click"},
        {
            trigger:
                ".o_sales_team_row[data-rep=Rep] .badge:contains(1 of 1 submitted)",
        },
        {trigger: "button[data-period=day]", run: "click"},
        {trigger: ".o_sales_team_row[data-rep=Rep] .badge:contains(/^Submitted$/)"},
        {trigger: ".o_sales_team_row[data-rep=Rep]", run: "click"},
        {trigger: ".o_sales_my_day h2:contains(/^Rep$/)"},
        {
            trigger: ".o_sales_item:contains(Delta) button[name=agree]",
            run: "click",
        },
        {trigger: ".o_sales_item:contains(Delta) .badge:contains(agrees)"},
        {trigger: "#o_sales_comment", run: "edit Call first next time"},
        {trigger: "button[name=review]", run: "click"},
        {trigger: ".o_sales_comment:contains(Call first next time)"},
        {trigger: ".o_sales_head .badge:contains(Reviewed)"},
    ],
});
