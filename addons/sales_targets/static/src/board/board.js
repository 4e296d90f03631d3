import {
    Component,
    onWillStart,
    useEffect,
    useExternalListener,
    useRef,
    useState,
} from "@odoo/owl";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {getCurrency} from "@web/core/currency";
import {deserializeDate, deserializeDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {RPCError} from "@web/core/network/rpc";
import {RecordSelector} from "@web/core/record_selectors/record_selector";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useVirtualGrid} from "@web/core/virtual_grid_hook";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatFloat} from "@web/views/fields/formatters";
import {InvalidNumberError, parseFloat} from "@web/views/fields/parsers";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {BoardModel, TOTAL} from "./board_model";
import {BoardPanel} from "./board_panel";
import {useCellDrag} from "./cell_drag";
import {sum} from "./figures";
import {MoveDialog} from "./move_dialog";

/** The column of the names, before the total. */
const NAME = -1;
const HEAD_HEIGHT = 44;

/** The targets of a plan: nodes as rows, months as columns, changed in place. */
export class TargetBoard extends Component {
    static template = "sales_targets.Board";
    static components = {BoardPanel, Layout, RecordSelector};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.ui = useService("ui");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.lockLabel = _t("Lock");
        this.unlockLabel = _t("Unlock");
        this.openLabel = _t("Open");
        this.closeLabel = _t("Close");
        this.scroller = useRef("scroller");
        this.input = useRef("input");
        this.reason = useRef("reason");
        const state = this.props.state || {};
        this.state = useState({
            planId:
                state.planId || Number(this.props.action.context.active_id) || false,
            active: null,
            editing: null,
            // On a phone one column is shown at a time.
            column: state.column || TOTAL,
            detail: null,
            panelId: false,
            reason: "",
            error: "",
            busy: false,
        });
        this.virtual = useVirtualGrid({scrollableRef: this.scroller, bufferCoef: 0.25});
        this.drag = useCellDrag({
            ghost: useRef("ghost"),
            scroller: this.scroller,
            getCell: (element) => this.findCell(element),
            mayStart: (cell) => cell && this.mayMove(cell.row, cell.column),
            mayDrop: (source, target) => this.mayDrop(source, target),
            onDrop: (source, target) => this.askMove(source, target),
        });
        useSetupAction({
            getLocalState: () => ({
                planId: this.state.planId,
                column: this.state.column,
                open: [...(this.model?.open || [])],
                versionId: this.model?.versionId,
            }),
            beforeLeave: () => this.confirmLoss(),
            beforeUnload: (ev) => {
                if (this.model?.changes.size) {
                    ev.preventDefault();
                }
            },
        });
        useEffect(
            (input) => {
                if (input) {
                    input.focus();
                    if (this.state.editing.typed) {
                        input.setSelectionRange(input.value.length, input.value.length);
                    } else {
                        input.select();
                    }
                }
            },
            () => [this.input.el],
        );
        // A phone that is turned shows other columns, in rows of another height.
        useExternalListener(window, "resize", () => this.model && this.refresh());
        onWillStart(() => this.start(state));
    }

    async start(state = {}) {
        this.state.planId ||= await this.orm.call(
            "sales.target.plan",
            "get_board_plan",
            [],
        );
        this.model = this.state.planId
            ? new BoardModel(this.orm, this.state.planId, state)
            : null;
        if (!this.model) {
            return;
        }
        await this.keepLast.add(this.model.load());
        if (!state.open) {
            await this.model.expand(this.model.top.filter((row) => row.below));
            this.model.refresh();
        }
        this.env.config.setDisplayName(this.plan.name);
        this.refresh();
    }

    /** Show what has changed in the model. */
    refresh() {
        if (!this.model.plan) {
            return;
        }
        this.virtual.setRowsHeights(this.model.lines.map(() => this.rowHeight));
        this.render();
    }

    // What is shown

    get plan() {
        return this.model.plan;
    }

    get isSmall() {
        return this.ui.isSmall;
    }

    get rowHeight() {
        if (this.isSmall) {
            return 60;
        }
        return this.model.versionId ? 50 : 38;
    }

    get lines() {
        const [first, last] = this.virtual.rowsIndexes || [];
        return first === undefined ? [] : this.model.lines.slice(first, last + 1);
    }

    /** Lines that scroll out make room for those that come: elements are used again. */
    getSlot(index) {
        const {length} = this.lines;
        return ((this.virtual.rowsIndexes?.[0] || 0) + index) % length;
    }

    get before() {
        return (this.virtual.rowsIndexes?.[0] || 0) * this.rowHeight;
    }

    get after() {
        const shown = this.before + this.lines.length * this.rowHeight;
        return this.model.lines.length * this.rowHeight - shown;
    }

    get columns() {
        return this.isSmall
            ? [Math.min(this.state.column, this.model.columns - 1)]
            : [...Array(this.model.columns).keys()];
    }

    get showsGrowth() {
        return !this.isSmall;
    }

    get showsAssigned() {
        return this.plan.shows_hedge && !this.isSmall;
    }

    getColumnName(column) {
        const {months} = this.plan;
        if (column === TOTAL) {
            return _t("Total");
        }
        return deserializeDate(months[column - 1]).toLocaleString({month: "short"});
    }

    getColumnYear(column) {
        const {months} = this.plan;
        const years = (column === TOTAL ? months : [months[column - 1]]).map((day) =>
            day.slice(0, 4),
        );
        return [...new Set(years)].join("–");
    }

    get unitName() {
        const {metric, metric_unit, currency_id} = this.plan;
        const symbol = metric_unit === "money" && getCurrency(currency_id)?.symbol;
        return symbol ? `${metric} (${symbol})` : metric;
    }

    format(value, signed = false) {
        const text = formatFloat(value, {digits: [16, this.plan.unit < 1 ? 2 : 0]});
        return signed && value > 0 ? `+${text}` : text;
    }

    formatNumber(value) {
        return formatFloat(value, {digits: [16, 1], trailingZeros: false});
    }

    /** @returns {number | null} null where it is no amount */
    parse(text) {
        try {
            return sum([parseFloat(text.trim())]);
        } catch (error) {
            if (error instanceof InvalidNumberError) {
                return null;
            }
            throw error;
        }
    }

    /** How deep a row stands below the first one that the user sees. */
    getDepth(row) {
        return row.depth - Math.min(...this.model.top.map((each) => each.depth));
    }

    getRowClass(row) {
        const selected = this.state.panelId === row.id ? "o_selected" : "";
        return `o_level_${row.level} ${selected}`;
    }

    /** A cell as it is drawn. */
    show(row, column) {
        const {model} = this;
        const cell = model.getCell(row, column);
        const value = model.getValue(row, column);
        const changed = model.changes.has(cell.id);
        const {active, editing} = this.state;
        const isActive = active?.rowId === row.id && active.column === column;
        const {source, target} = this.drag;
        return {
            id: `o_cell_${row.id}_${column}`,
            text: this.format(value),
            isActive,
            isEditing: isActive && editing,
            locked: model.isLocked(row, column),
            mayEdit: model.mayEdit(row, column),
            mayLock: model.mayLock(row, column),
            classes: {
                o_active: isActive,
                o_total: column === TOTAL,
                o_changed: changed,
                o_derived: !changed && value !== cell.value,
                o_over: model.isOver(column),
                o_readonly: !model.mayEdit(row, column),
                o_locked: model.isLocked(row, column),
                o_source: source?.row === row && source.column === column,
                o_target: target?.row === row && target.column === column,
                o_droppable: source && this.mayDrop(source, {row, column}),
            },
            title: changed
                ? _t("Was %(value)s", {value: this.format(cell.value)})
                : model.isOver(column)
                  ? _t("This month is over: it stays as it is.")
                  : "",
            then: model.versionId ? this.compare(cell, value) : null,
        };
    }

    /** Against the version: from what, by how much. */
    compare(cell, value) {
        const then = cell.then ?? cell.value;
        const change = sum([value, -then]);
        if (!change) {
            return {text: "", tone: ""};
        }
        return {
            text: `${this.format(then)} ${this.format(change, true)}`,
            title: _t("%(then)s then, %(now)s now", {
                then: this.format(then),
                now: this.format(value),
            }),
            tone: change > 0 ? "text-success" : "text-danger",
        };
    }

    /** What is left to divide below a row. */
    showRest(row, column) {
        const {rest, free, possible} = this.model.getRest(row, column);
        if (!rest) {
            return {text: "", tone: "", title: ""};
        }
        return {
            text: this.format(rest, true),
            tone: possible ? "text-info" : "text-danger",
            title: possible
                ? _t("Goes to the %(count)s that are not locked", {count: free})
                : _t("There is nobody left who can take this: unlock somebody."),
        };
    }

    /** The row against the year before, on the scale of its siblings. */
    showGrowth(row) {
        const value = this.model.getValue(row, TOTAL);
        const most = Math.max(this.model.getSiblings(row).most, value, 1);
        const known = row.baseline !== false;
        const growth =
            known && row.baseline > 0
                ? Math.round(100 * (value / row.baseline - 1))
                : null;
        const text = growth === null ? "" : `${growth > 0 ? "+" : ""}${growth} %`;
        const tones = {"-1": "text-danger", 1: "text-success"};
        return {
            width: `${(100 * value) / most}%`,
            left: known ? `${(100 * Math.max(row.baseline, 0)) / most}%` : null,
            text,
            tone: tones[Math.sign(growth)] || "text-muted",
            title: known
                ? _t("Year before: %(before)s, now %(now)s", {
                      before: this.format(row.baseline),
                      now: this.format(value),
                  })
                : _t("Nothing is known of the year before"),
        };
    }

    /** How somebody has answered, or how those below have. */
    showAnswer(row) {
        const {answers, answer, proposed, value} = row;
        if (answers) {
            const {asked, answered, countered, gap} = answers;
            return {
                text:
                    countered && !this.isSmall
                        ? `${answered}/${asked} · ${this.format(gap, true)}`
                        : `${answered}/${asked}`,
                tone: countered ? "text-bg-warning" : "text-bg-light",
                title: countered
                    ? _t(
                          "%(answered)s of %(asked)s have answered, %(countered)s with " +
                              "another target: %(gap)s in all",
                          {answered, asked, countered, gap: this.format(gap, true)},
                      )
                    : _t("%(answered)s of %(asked)s have answered", {answered, asked}),
            };
        }
        switch (answer) {
            case "accepted":
                return {
                    icon: "fa-check",
                    text: "",
                    tone: "text-bg-success",
                    title: _t("Accepted"),
                };
            case "countered":
                return {
                    icon: "fa-comment",
                    text: this.format(proposed),
                    tone: "text-bg-warning",
                    title: _t("Proposes %(proposed)s instead: %(gap)s", {
                        proposed: this.format(proposed),
                        gap: this.format(sum([proposed, -value]), true),
                    }),
                };
            case "settled":
                return {
                    icon: "fa-handshake-o",
                    text: "",
                    tone: "text-bg-light",
                    title: _t("Settled"),
                };
            default:
                return null;
        }
    }

    get changesLabel() {
        const count = this.model.changes.size;
        return count === 1 ? _t("1 change") : _t("%(count)s changes", {count});
    }

    get versions() {
        return this.plan.versions.map(({id, number, date, reason}) => ({
            id,
            label: _t("Version %(number)s, %(date)s: %(reason)s", {
                number,
                date: deserializeDateTime(date).toLocaleString({
                    day: "numeric",
                    month: "short",
                    year: "numeric",
                }),
                reason,
            }),
        }));
    }

    // Opening and closing

    async toggle(row) {
        await this.model.toggle(row);
        this.refresh();
    }

    async openAll() {
        await this.model.openAll();
        this.refresh();
    }

    closeAll() {
        this.model.closeAll();
        this.refresh();
    }

    async choosePlan(planId) {
        if (planId && planId !== this.state.planId && (await this.confirmLoss())) {
            this.forget();
            this.state.planId = planId;
            await this.start();
        }
    }

    async compareWith(ev) {
        this.model.versionId = Number(ev.target.value) || false;
        await this.reload();
    }

    async reload() {
        await this.keepLast.add(this.model.load());
        this.refresh();
    }

    forget() {
        this.closePanel();
        Object.assign(this.state, {active: null, editing: null, error: "", reason: ""});
    }

    async divide() {
        await this.orm.call("sales.target.plan", "action_decompose", [
            [this.state.planId],
        ]);
        await this.start();
    }

    // One cell at a time

    findCell(element) {
        const cell = element.closest(".o_cell[data-column]");
        const row = cell && this.model.rows.get(Number(cell.dataset.row));
        return row ? {row, column: Number(cell.dataset.column)} : null;
    }

    get activeRow() {
        return this.state.active && this.model.rows.get(this.state.active.rowId);
    }

    activate(row, column) {
        this.state.active = {rowId: row.id, column};
        this.reveal(row, column);
        if (this.state.panelId && this.state.panelId !== row.id) {
            this.openPanel(row);
        }
    }

    /** Scroll so that the active cell is seen; it need not have been drawn before. */
    reveal(row, column) {
        const {el} = this.scroller;
        const index = this.model.lines.findIndex(
            (line) => line.row === row && !line.rest,
        );
        const top = index * this.rowHeight;
        const height = el.clientHeight - HEAD_HEIGHT - this.rowHeight;
        el.scrollTop = Math.min(Math.max(el.scrollTop, top - height), top);
        const head = el.querySelector(`.o_head[data-column="${column}"]`);
        const names = el.querySelector(".o_head.o_name");
        if (head && names && !this.isSmall) {
            const left = head.offsetLeft - names.offsetWidth;
            const right = head.offsetLeft + head.offsetWidth - el.clientWidth;
            el.scrollLeft = Math.min(Math.max(el.scrollLeft, right), left);
        }
    }

    focusGrid() {
        this.scroller.el?.focus({preventScroll: true});
    }

    onCellClick(row, column) {
        if (this.drag.isOver()) {
            return;
        }
        if (this.show(row, column).isEditing) {
            return;
        }
        this.activate(row, column);
        this.edit();
    }

    onNameClick(row) {
        this.activate(row, NAME);
        this.focusGrid();
        this.openPanel(row);
    }

    /** @param {string} [typed] replaces what is there */
    edit(typed) {
        const {column} = this.state.active;
        const row = this.activeRow;
        if (column === NAME || !this.model.mayEdit(row, column)) {
            this.focusGrid();
            return;
        }
        this.state.editing = {
            text: typed ?? this.format(this.model.getValue(row, column)),
            typed: typed !== undefined,
            invalid: false,
        };
    }

    /** @returns {boolean} whether it was an amount, so that one may go on */
    commit() {
        const {editing, active} = this.state;
        if (!editing) {
            return true;
        }
        const row = this.activeRow;
        const value = this.parse(editing.text);
        if (value === null || !this.model.isValid(value)) {
            editing.invalid = true;
            this.notification.add(
                _t("A target is a multiple of %(unit)s, not negative.", {
                    unit: this.format(this.plan.unit),
                }),
                {type: "danger"},
            );
            return false;
        }
        this.state.editing = null;
        if (editing.text !== this.format(this.model.getValue(row, active.column))) {
            this.model.change(row, active.column, value);
            this.refresh();
        }
        return true;
    }

    cancel() {
        this.state.editing = null;
        this.focusGrid();
    }

    onInput(ev) {
        this.state.editing.text = ev.target.value;
        this.state.editing.invalid = false;
    }

    onInputBlur() {
        // What cannot be read is not kept when one looks elsewhere.
        if (this.state.editing && !this.commit()) {
            this.state.editing = null;
        }
    }

    onInputKeydown(ev) {
        const {typed} = this.state.editing;
        const steps = {
            Enter: [ev.shiftKey ? -1 : 1, 0],
            ArrowDown: [1, 0],
            ArrowUp: [-1, 0],
            Tab: [0, ev.shiftKey ? -1 : 1],
            ...(typed && {ArrowLeft: [0, -1], ArrowRight: [0, 1]}),
        };
        ev.stopPropagation();
        if (ev.key === "Escape") {
            ev.preventDefault();
            this.cancel();
        } else if (ev.key in steps) {
            ev.preventDefault();
            if (this.commit()) {
                this.step(...steps[ev.key]);
                this.focusGrid();
            }
        }
    }

    /** A block of a spreadsheet, from the active cell on; what is no amount is left. */
    onPaste(ev) {
        const row = this.activeRow;
        if (
            !row ||
            ev.target !== this.scroller.el ||
            this.state.active.column === NAME
        ) {
            return;
        }
        ev.preventDefault();
        const {rows} = this;
        const start = rows.indexOf(row);
        const text = ev.clipboardData.getData("text/plain").trimEnd();
        for (const [down, line] of text.split(/\r?\n/).entries()) {
            for (const [right, part] of line.split("\t").entries()) {
                this.pasteCell(
                    rows[start + down],
                    this.state.active.column + right,
                    part,
                );
            }
        }
        this.refresh();
    }

    pasteCell(row, column, text) {
        if (!row || column >= this.model.columns || !this.model.mayEdit(row, column)) {
            return;
        }
        const value = text.trim() ? this.parse(text) : null;
        if (value !== null && this.model.isValid(value)) {
            this.model.change(row, column, value);
        }
    }

    /** The rows from top to bottom, as far as the tree is open. */
    get rows() {
        return this.model.lines.filter((line) => !line.rest).map((line) => line.row);
    }

    /** Go to another cell, over lines that are no rows; stops at the border. */
    step(down, right) {
        const {rows} = this;
        const {active} = this.state;
        const index = rows.indexOf(this.activeRow) + down;
        const row = rows[Math.min(Math.max(index, 0), rows.length - 1)];
        const last = this.model.columns - 1;
        const column = this.isSmall
            ? active.column
            : Math.min(Math.max(active.column + right, NAME), last);
        this.activate(row, column);
    }

    onFocus() {
        if (!this.activeRow && this.model.lines.length) {
            this.state.active = {rowId: this.model.lines[0].row.id, column: NAME};
        }
    }

    onKeydown(ev) {
        const row = this.activeRow;
        const {editing} = this.state;
        if (!row || ev.target !== this.scroller.el) {
            return;
        }
        if (editing) {
            // Typed faster than the cell opens.
            if (/^[\d.,=]$/.test(ev.key)) {
                ev.preventDefault();
                editing.text = editing.typed ? editing.text + ev.key : ev.key;
                editing.typed = true;
            }
            return;
        }
        const handle = this.getKeyHandler(ev, row, this.state.active.column);
        if (handle) {
            ev.preventDefault();
            ev.stopPropagation();
            handle();
        }
    }

    getKeyHandler(ev, row, column) {
        const all = this.model.lines.length;
        const page = Math.max(
            Math.floor(this.scroller.el.clientHeight / this.rowHeight) - 2,
            1,
        );
        const far = ev.ctrlKey || ev.metaKey;
        if (column === NAME) {
            const handle = this.getNameHandler(ev.key, row);
            if (handle) {
                return handle;
            }
        }
        const keys = {
            ArrowDown: () => this.step(far ? all : 1, 0),
            ArrowUp: () => this.step(far ? -all : -1, 0),
            ArrowRight: () => this.step(0, far ? this.model.columns : 1),
            ArrowLeft: () => this.step(0, far ? -this.model.columns : -1),
            PageDown: () => this.step(page, 0),
            PageUp: () => this.step(-page, 0),
            Home: () => this.step(far ? -all : 0, -this.model.columns - 1),
            End: () => this.step(far ? all : 0, this.model.columns),
            Enter: () => (far ? this.apply() : this.edit()),
            F2: () => this.edit(),
            Delete: () => this.revert(row, column),
            Backspace: () => this.revert(row, column),
        };
        if (this.state.panelId) {
            keys.Escape = () => this.closePanel();
        }
        if (ev.key === "Tab") {
            const ends = ev.shiftKey
                ? column === NAME
                : column === this.model.columns - 1;
            return ends ? null : () => this.step(0, ev.shiftKey ? -1 : 1);
        }
        if (ev.key in keys) {
            return keys[ev.key];
        }
        if (far || ev.altKey) {
            return null;
        }
        const letters = {
            l: () => this.toggleLock(row, column),
            m: () => this.askMove({row, column}),
            i: () => (this.state.panelId ? this.closePanel() : this.openPanel(row)),
        };
        const letter = ev.key.toLowerCase();
        if (letter in letters) {
            return letters[letter];
        }
        return /^[\d.,=]$/.test(ev.key) ? () => this.edit(ev.key) : null;
    }

    /** On a name the tree opens and closes, as in any tree. */
    getNameHandler(key, row) {
        const isOpen = this.model.open.has(row.id);
        if (
            (key === "ArrowRight" && row.below && !isOpen) ||
            (key === " " && row.below)
        ) {
            return () => this.toggle(row);
        }
        if (key === "ArrowLeft") {
            const above = this.model.rows.get(row.parent_id);
            if (isOpen) {
                return () => this.toggle(row);
            }
            return above && (() => this.activate(above, NAME));
        }
        return key === "Enter" && (() => this.openPanel(row));
    }

    // Changing

    toggleLock(row, column) {
        if (column !== NAME && this.model.mayLock(row, column)) {
            this.model.toggleLock(row, column);
            this.refresh();
        }
    }

    revert(row, column) {
        if (column !== NAME) {
            this.model.revert(row, column);
            this.refresh();
        }
    }

    discard() {
        this.model.discard();
        Object.assign(this.state, {editing: null, error: "", reason: ""});
        this.refresh();
    }

    async apply() {
        if (!this.commit() || !this.model.changes.size || this.state.busy) {
            return;
        }
        const reason = this.state.reason.trim();
        if (this.plan.needs_reason && !reason) {
            this.state.error = _t("Say why the targets change.");
            this.reason.el?.focus();
            return;
        }
        this.state.busy = true;
        this.state.error = await this.try(() => this.model.apply(reason));
        this.state.busy = false;
        if (this.state.error) {
            // Somebody else may have changed it: the changes stay, beside what is there.
            await this.model.load();
        } else {
            this.state.reason = "";
            this.focusGrid();
            this.refreshPanel();
        }
        this.refresh();
    }

    /** @returns {Promise<string>} what the server says against it, in words */
    async try(action) {
        try {
            await action();
        } catch (error) {
            if (error instanceof RPCError && error.data?.message) {
                return error.data.message;
            }
            throw error;
        }
        return "";
    }

    confirmLoss() {
        if (!this.model?.changes.size) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Changes that are not applied"),
                    body: _t("%(changes)s would be lost. Leave all the same?", {
                        changes: this.changesLabel,
                    }),
                    confirmLabel: _t("Leave"),
                    cancelLabel: _t("Stay"),
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                {onClose: () => resolve(false)},
            );
        });
    }

    // Moving

    mayMove(row, column) {
        return (
            column !== NAME &&
            this.model.mayEdit(row, column) &&
            this.model.getCell(row, column).value > 0 &&
            (column !== TOTAL || this.getSiblings(row).length > 0)
        );
    }

    getSiblings(row) {
        return this.model
            .getSiblings(row)
            .filter((each) => each !== row && each.may_plan);
    }

    mayDrop(source, target) {
        const {row, column} = target;
        if (!this.model.mayEdit(row, column)) {
            return false;
        }
        return row === source.row
            ? column !== source.column && column !== TOTAL && source.column !== TOTAL
            : column === source.column && this.getSiblings(source.row).includes(row);
    }

    askMove(source, target) {
        const {row, column} = source;
        if (!this.mayMove(row, column)) {
            return;
        }
        if (this.model.changes.size) {
            this.notification.add(
                _t("Apply or discard your changes before you move amounts."),
                {type: "warning"},
            );
            return;
        }
        const describe = (each, number, name) => {
            const {id, value} = this.model.getCell(each, number);
            return {id, value, name};
        };
        const months = [...Array(this.model.columns).keys()].filter((number) =>
            this.mayDrop(source, {row, column: number}),
        );
        const groups = [
            {
                name: this.getColumnName(column),
                cells: this.getSiblings(row).map((each) =>
                    describe(each, column, each.name),
                ),
            },
            {
                name: row.name,
                cells: months.map((number) =>
                    describe(row, number, this.getColumnName(number)),
                ),
            },
        ].filter((group) => group.cells.length);
        if (!groups.length) {
            return;
        }
        const cell = this.model.getCell(row, column);
        this.dialog.add(
            MoveDialog,
            {
                source: describe(row, column, `${row.name}, ${groups[0].name}`),
                groups,
                targetId: target && this.model.getCell(target.row, target.column).id,
                needsReason: this.plan.needs_reason,
                format: this.format.bind(this),
                parse: this.parse.bind(this),
                move: async (targetId, amount, reason) => {
                    const error = await this.try(() =>
                        this.model.move(cell.id, targetId, amount, reason),
                    );
                    this.refresh();
                    return error;
                },
            },
            {onClose: () => this.focusGrid()},
        );
    }

    // Why

    async openPanel(row) {
        this.state.panelId = row.id;
        await this.refreshPanel();
    }

    async refreshPanel() {
        const {panelId} = this.state;
        if (!panelId) {
            return;
        }
        const detail = await this.orm.call("sales.target", "get_board_detail", [
            [panelId],
        ]);
        if (this.state.panelId === panelId) {
            this.state.detail = detail;
        }
    }

    closePanel() {
        Object.assign(this.state, {panelId: false, detail: null});
        this.focusGrid();
    }

    get panelRow() {
        return this.model.rows.get(this.state.panelId);
    }

    /** The cell that the panel's buttons are for. */
    get panelCell() {
        const row = this.panelRow;
        const {active} = this.state;
        const column = this.isSmall
            ? this.columns[0]
            : active?.rowId === row.id && active.column !== NAME
              ? active.column
              : TOTAL;
        return {
            column,
            name: this.getColumnName(column),
            value: this.format(this.model.getValue(row, column)),
            locked: this.model.isLocked(row, column),
            mayLock: this.model.mayLock(row, column),
            mayMove: this.mayMove(row, column),
        };
    }

    async settle(accept) {
        const {panelId} = this.state;
        await this.orm.call("sales.target", "action_settle", [[panelId], accept]);
        await this.reload();
        await this.refreshPanel();
    }

    openTarget(row) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "sales.target",
            res_id: row.id,
            views: [[false, "form"]],
        });
    }

    openPlans() {
        return this.action.doAction("sales_targets.sales_target_plan_action");
    }

    // Excel

    async openExcel() {
        const action = await this.orm.call("sales.target.plan", "action_import", [
            [this.state.planId],
        ]);
        await this.action.doAction(action, {onClose: () => this.reload()});
    }

    async download() {
        const {res_id} = await this.orm.call("sales.target.plan", "action_import", [
            [this.state.planId],
        ]);
        await this.action.doAction(
            await this.orm.call("sales.target.import", "action_download", [[res_id]]),
        );
    }

    // On a phone

    stepColumn(number) {
        const {columns} = this.model;
        this.state.editing = null;
        this.state.column = (this.columns[0] + number + columns) % columns;
        if (this.state.active) {
            this.state.active.column = this.state.column;
        }
    }
}

registry.category("actions").add("sales_targets.board", TargetBoard);
