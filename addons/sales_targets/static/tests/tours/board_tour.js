import {registry} from "@web/core/registry";

const row = (name) => `.o_row[data-name="${name}"]`;
const cell = (name, column) => `${row(name)} .o_cell[data-column="${column}"]`;
const active = (name, column) => `${cell(name, column)}.o_active`;
const input = ".o_board_grid .o_cell input";
const grid = ".o_board_grid";

function press(key) {
    return {trigger: `${grid}:focus`, run: `press ${key}`};
}

/** The director's board: North with Rep and Second is opened, South is not. */
registry.category("web_tour.tours").add("sales_targets_board", {
    steps: () => [
        {trigger: `${row("South")} .o_growth`},
        {trigger: `${row("North")} .o_toggle`, run: "click"},
        {
            content: "A click edits, Enter goes down",
            trigger: cell("Rep", 1),
            run: "click",
        },
        {trigger: input, run: "edit 12345"},
        {trigger: input, run: "press Enter"},
        {trigger: `${cell("Rep", 1)}.o_changed:contains('12,345')`},
        {trigger: active("Second", 1)},
        {
            content: "What is left goes to the one who is not locked",
            trigger: ".o_rest .o_cell.text-info",
        },
        {content: "The total is live", trigger: `${cell("Rep", 0)}.o_derived`},
        press("l"),
        {trigger: `${cell("Second", 1)}.o_changed.o_locked`},
        {
            content: "Nobody is left to take it",
            trigger: ".o_rest .o_cell.text-danger",
        },
        {trigger: ".o_board_count:contains('2 changes')"},
        {trigger: ".o_board_apply", run: "click"},
        {
            content: "A published plan asks why",
            trigger: ".o_board_error:contains('Say why')",
        },
        {trigger: ".o_board_reason", run: "edit A new customer"},
        {trigger: ".o_board_apply", run: "click"},
        {
            content: "The server says what is in the way, the changes stay",
            trigger: ".o_board_error:contains('Rep, Second')",
        },
        {trigger: `.o_board_count:contains('2 changes')`},
        {
            content: "The padlock takes it back",
            trigger: `${cell("Second", 1)} .o_lock`,
            run: "click",
        },
        {trigger: ".o_board_count:contains('1 change')"},
        {trigger: ".o_board_apply", run: "click"},
        {trigger: ".o_sales_target_board:not(:has(.o_board_bar))"},
        {trigger: `${cell("Rep", 1)}.o_locked:not(.o_changed):contains('12,345')`},

        // The keyboard
        {trigger: cell("Rep", 2), run: "click"},
        {trigger: input, run: "edit 1"},
        {trigger: input, run: "press Escape"},
        {trigger: `${active("Rep", 2)}:not(.o_changed)`},
        press("Tab"),
        {trigger: active("Rep", 3)},
        press("ArrowDown"),
        {trigger: active("Second", 3)},
        press("7"),
        {
            content: "Typing replaces",
            trigger: input,
            run() {
                if (this.anchor.value !== "7") {
                    throw new Error(`The cell holds ${this.anchor.value}`);
                }
            },
        },
        {trigger: input, run: "edit much"},
        {trigger: input, run: "press Enter"},
        {
            content: "No amount: it says so and stays",
            trigger: `${cell("Second", 3)} input.is-invalid`,
        },
        {trigger: `${cell("Second", 3)} input`, run: "edit =2*350"},
        {trigger: input, run: "press Tab"},
        {trigger: `${cell("Second", 3)}.o_changed:contains('700')`},
        press("ArrowLeft"),
        press("Delete"),
        {trigger: ".o_sales_target_board:not(:has(.o_board_bar))"},
        press("F2"),
        {trigger: `${cell("Second", 3)} input`, run: "press Escape"},
        press("Home"),
        {trigger: `${row("Second")} .o_name.o_active`},
        press("ArrowLeft"),
        {trigger: `${row("North")} .o_name.o_active`},
        press("ArrowLeft"),
        {trigger: `.o_board_grid:not(:has(${row("Second")}))`},
        press("ArrowRight"),
        {trigger: row("Second")},

        // Moving
        {
            content: "Dragged onto a sibling's cell of the month",
            trigger: cell("Second", 4),
            run: (helpers) =>
                helpers.drag_and_drop(cell("Rep", 4), {
                    position: {top: 10, left: 40},
                    relative: true,
                }),
        },
        {trigger: ".modal .o_move_amount", run: "edit 100"},
        {trigger: ".modal .o_move_outcome:contains('Rep')"},
        {trigger: ".modal .o_move_apply", run: "click"},
        {trigger: ".modal .alert:contains('Say why')"},
        {trigger: ".modal .o_move_reason", run: "edit Who has the time"},
        {trigger: ".modal .o_move_apply", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        {trigger: `${cell("Rep", 4)}.o_locked`},
        {trigger: `${cell("Second", 4)}.o_locked`},
        {trigger: `${row("Rep")} .o_name`, run: "click"},
        {
            content: "Why this number",
            trigger: ".o_board_panel .o_panel_why:contains('Capacity')",
        },
        press("ArrowRight"),
        {trigger: active("Rep", 0)},
        press("m"),
        {
            content: "The same without a mouse",
            trigger: ".modal .o_move_target:has(option:contains('Second'))",
        },
        {trigger: ".modal .btn-close", run: "click"},
        {trigger: "body:not(:has(.modal))"},
        press("Escape"),
        {trigger: ".o_sales_target_board:not(:has(.o_board_panel))"},

        // Versions
        {
            trigger: ".o_board_versions",
            run: "selectByLabel /Version 1,/",
        },
        {
            content: "From what, by how much",
            trigger: `${cell("Rep", 1)} .o_then.text-danger:contains('-')`,
        },
        {trigger: `${cell("Rep", 2)}:not(:has(.o_then))`},
    ],
});

/** A plan that nobody has divided yet. */
registry.category("web_tour.tours").add("sales_targets_board_empty", {
    steps: () => [
        {trigger: ".o_nocontent_help:contains('Nothing is divided yet')"},
        {trigger: ".o_board_divide", run: "click"},
        {trigger: cell("North", 12)},
    ],
});

/** Two months of the plan are over: closed for everybody. The spreadsheet is at hand. */
registry.category("web_tour.tours").add("sales_targets_board_running", {
    steps: () => [
        {trigger: `${row("North")} .o_toggle`, run: "click"},
        {trigger: `${cell("Rep", 2)}.o_over.o_readonly`, run: "click"},
        {trigger: `.o_board_grid:not(:has(input))`},
        {
            content: "The month that runs is open; what was typed is pasted",
            trigger: `${cell("Rep", 3)}:not(.o_over)`,
            run: "click",
        },
        {trigger: input, run: "press Escape"},
        {
            trigger: `${grid}:focus`,
            run() {
                const clipboardData = new DataTransfer();
                clipboardData.setData("text/plain", "1,000\t2000\n3000\tx\n");
                this.anchor.dispatchEvent(
                    new ClipboardEvent("paste", {clipboardData, bubbles: true}),
                );
            },
        },
        {trigger: `${cell("Rep", 3)}.o_changed:contains('1,000')`},
        {trigger: `${cell("Rep", 4)}.o_changed:contains('2,000')`},
        {trigger: `${cell("Second", 3)}.o_changed:contains('3,000')`},
        {trigger: `${cell("Second", 4)}:not(.o_changed)`},
        {trigger: ".o_board_count:contains('3 changes')"},
        {
            content: "One does not leave by accident",
            trigger: "button[data-menu-xmlid='sales_targets.menu_targets']",
            run: "click",
        },
        {
            trigger:
                ".o-dropdown--menu a[data-menu-xmlid='sales_targets.sales_target_menu']",
            run: "click",
        },
        {
            trigger: ".modal:contains('3 changes would be lost') .btn-secondary",
            run: "click",
        },
        {trigger: "body:not(:has(.modal))"},
        {trigger: ".o_board_discard", run: "click"},
        {trigger: ".o_sales_target_board:not(:has(.o_board_bar))"},
        {trigger: ".o_board_upload", run: "click"},
        {trigger: ".modal button[name=action_download]"},
        {trigger: ".modal .btn-close", run: "click"},
        {trigger: "body:not(:has(.modal))"},
    ],
});

/** A leader looks on. */
registry.category("web_tour.tours").add("sales_targets_board_leader", {
    steps: () => [
        {trigger: `${cell("Rep", 1)}.o_readonly`, run: "click"},
        {trigger: `.o_board_grid:not(:has(input))`},
        {trigger: `.o_board_grid:not(:has(.o_cell button.o_lock))`},
        {trigger: ".o_sales_target_board:not(:has(.o_board_download))"},
    ],
});

/** The tree of a thousand: opened at once, drawn as far as it is seen. */
registry.category("web_tour.tours").add("sales_targets_board_thousand", {
    steps: () => [
        {trigger: ".o_board_open_all", run: "click"},
        {
            trigger: `.o_board_grid[aria-rowcount]:has(${row("Peer")})`,
            timeout: 60000,
            async run() {
                const {anchor} = this;
                const count = Number(anchor.getAttribute("aria-rowcount"));
                if (count < 1000) {
                    throw new Error(`Only ${count} rows are open`);
                }
                const times = [];
                for (let step = 1; step <= 9; step++) {
                    const start = performance.now();
                    anchor.scrollTop = (anchor.scrollHeight * step) / 9;
                    await new Promise((resolve) => requestAnimationFrame(resolve));
                    await new Promise((resolve) => requestAnimationFrame(resolve));
                    anchor.getBoundingClientRect();
                    times.push(performance.now() - start);
                }
                const median = times.sort((one, two) => one - two)[4];
                const drawn = anchor.querySelectorAll(".o_row").length;
                if (drawn > 150) {
                    throw new Error(`${drawn} rows are drawn`);
                }
                if (median > 500) {
                    throw new Error(`Scrolling took ${Math.round(median)} ms`);
                }
            },
        },
    ],
});

/** On a phone: one month at a time, the panel for what a mouse would do. */
registry.category("web_tour.tours").add("sales_targets_board_phone", {
    steps: () => [
        {trigger: `${row("North")} .o_toggle`, run: "click"},
        {trigger: cell("Rep", 0)},
        {trigger: `.o_board_grid:not(:has(.o_cell[data-column="1"]))`},
        {trigger: ".o_board_next", run: "click"},
        {trigger: ".o_board_column:contains('Jan')"},
        {
            content: "Nothing is wider than the phone",
            trigger: cell("Rep", 1),
            run() {
                const {scrollWidth} = document.documentElement;
                const board = document.querySelector(".o_board_grid");
                if (
                    scrollWidth > window.innerWidth + 1 ||
                    board.scrollWidth > board.clientWidth + 1
                ) {
                    throw new Error(`${scrollWidth}, ${board.scrollWidth} px wide`);
                }
            },
        },
        {trigger: cell("Rep", 1), run: "click"},
        {trigger: input, run: "edit 4321"},
        {trigger: input, run: "press Enter"},
        {trigger: `${cell("Rep", 1)}.o_changed:contains('4,321')`},
        {trigger: ".o_board_reason", run: "edit By phone"},
        {trigger: ".o_board_apply", run: "click"},
        {trigger: ".o_sales_target_board:not(:has(.o_board_bar))"},
        {trigger: `${row("Rep")} .o_name`, run: "click"},
        {trigger: ".o_board_panel .o_panel_why"},
        {trigger: ".o_board_panel .o_panel_move", run: "click"},
        {trigger: ".modal .o_move_amount", run: "edit 21"},
        {trigger: ".modal .o_move_reason", run: "edit Round"},
        {trigger: ".modal .o_move_apply", run: "click"},
        {trigger: `${cell("Rep", 1)}:contains('4,300')`},
    ],
});
