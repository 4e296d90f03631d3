import {registry} from "@web/core/registry";

/** The board of a dispatcher: an appointment of the agent, a ticket that waits. */
registry.category("web_tour.tours").add("sales_service_dispatch_board", {
    steps: () => [
        {trigger: ".o_sales_visit_rep:contains('Agent'):contains('1/')"},
        {
            content: "The appointment, planned for the agent; dragged to the colleague",
            trigger: ".vis-item.o_proposed.vis-editable:contains('Corner Shop')",
            run: (helpers) =>
                helpers.drag_and_drop(".vis-foreground .vis-group:nth-child(2)", {
                    position: {top: 20, left: 300},
                    relative: true,
                }),
        },
        {trigger: ".o_sales_visit_rep:contains('Colleague'):contains('1/')"},
        {
            content: "Who fits is one click away",
            trigger: ".o_dispatch_ticket:contains('Waits') button:contains('Who Fits')",
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=ranking]:contains('Colleague')"},
        {trigger: ".modal .btn-close", run: "click"},
        {
            content: "From the queue on the agent's line",
            trigger: "body:not(.modal-open) .o_dispatch_ticket:contains('Waits')",
            run: ({anchor}) => {
                const row = document.querySelector(
                    ".vis-foreground .vis-group:nth-child(1)",
                );
                const {left, top, width, height} = row.getBoundingClientRect();
                const dataTransfer = new DataTransfer();
                const options = {
                    bubbles: true,
                    cancelable: true,
                    dataTransfer,
                    clientX: left + width / 2,
                    clientY: top + height / 2,
                };
                anchor.dispatchEvent(new DragEvent("dragstart", options));
                row.dispatchEvent(new DragEvent("dragover", options));
                row.dispatchEvent(new DragEvent("drop", options));
            },
        },
        {
            trigger:
                ".o_dispatch_queue:not(:has(.o_dispatch_ticket:contains('Waits')))",
        },
        {
            trigger: ".vis-item.o_proposed:contains('Big Shop')",
            run: "click",
        },
        {trigger: ".modal .o_form_view .o_field_widget[name=ticket_id]"},
        {trigger: ".modal .btn-close", run: "click"},
        {trigger: ".o_sales_visit_next:not(.modal *)", run: "click"},
        {
            content: "Nothing tomorrow: it says what to do",
            trigger: ".o_dispatch_board .alert:contains('Drag a ticket')",
        },
    ],
});

registry.category("web_tour.tours").add("sales_service_dispatch_board_phone", {
    steps: () => [
        {
            content: "On a phone the appointments of today by agent",
            trigger: ".o_kanban_group:contains('Agent') .o_kanban_record",
            run: () => {
                const {scrollWidth} = document.documentElement;
                if (scrollWidth > window.innerWidth) {
                    throw new Error(`${scrollWidth} > ${window.innerWidth}`);
                }
            },
        },
    ],
});
