import {isMultiple, remainder, scale, sum} from "./figures";

/** The column of the whole period; months are counted from 1. */
export const TOTAL = 0;

/**
 * The tree of a plan as far as it is open, and what the user has changed in it.
 *
 * A row is a node; its cell in column 0 is the total, the others are the months. A
 * change is an amount at which a cell is fixed, or null to let it go. Nothing of it is
 * on the server before it is applied.
 */
export class BoardModel {
    /**
     * @param {Object} orm
     * @param {number} planId
     * @param {{open?: number[], versionId?: number | false}} [state] as it was left
     */
    constructor(orm, planId, {open = [], versionId = false} = {}) {
        this.orm = orm;
        this.planId = planId;
        this.versionId = versionId;
        this.plan = null;
        this.rows = new Map();
        this.below = new Map();
        this.top = [];
        this.open = new Set(open);
        this.changes = new Map();
    }

    // Reading

    fetch(parentIds) {
        return this.orm.call("sales.target.plan", "get_board", [
            [this.planId],
            parentIds,
            this.versionId,
        ]);
    }

    /** Read all that is open again; what has been changed here stays. */
    async load() {
        const parents = new Set([
            ...this.open,
            ...[...this.changes.values()].map((change) => change.parentId),
        ]);
        parents.delete(false);
        const {plan, rows} = await this.fetch([false, ...parents]);
        this.plan = plan;
        this.rows = new Map();
        this.below = new Map([...parents].map((id) => [id, []]));
        this.top = [];
        this.add(rows);
        for (const id of this.open) {
            if (!this.rows.has(id)) {
                this.open.delete(id);
            }
        }
        for (const [id, change] of this.changes) {
            if (!this.rows.has(change.rowId)) {
                this.changes.delete(id);
            }
        }
        this.refresh();
    }

    add(rows) {
        for (const row of rows) {
            this.rows.set(row.id, row);
            const siblings = this.getSiblings(row);
            siblings.push(row);
            // On one scale, the larger of now and the year before.
            siblings.most = Math.max(siblings.most || 0, row.value, row.baseline || 0);
        }
    }

    async toggle(row) {
        if (!this.open.delete(row.id)) {
            await this.expand([row]);
        }
        this.refresh();
    }

    async expand(rows) {
        const missing = rows.map((row) => row.id).filter((id) => !this.below.has(id));
        if (missing.length) {
            const found = await this.fetch(missing);
            for (const id of missing) {
                this.below.set(id, []);
            }
            this.add(found.rows);
        }
        for (const row of rows) {
            this.open.add(row.id);
        }
    }

    /** Open the whole tree, a level at a time. */
    async openAll() {
        let level = this.top;
        while ((level = level.filter((row) => row.below)).length) {
            await this.expand(level);
            level = level.flatMap((row) => this.below.get(row.id));
        }
        this.refresh();
    }

    closeAll() {
        this.open.clear();
        this.refresh();
    }

    /** What is shown from top to bottom: rows, and what is left to divide below them. */
    refresh() {
        this.lines = [];
        const stack = [...this.top].reverse();
        while (stack.length) {
            const row = stack.pop();
            this.lines.push({row});
            if (!this.open.has(row.id)) {
                continue;
            }
            const children = this.below.get(row.id);
            if (this.isTouched(row)) {
                this.lines.push({row, rest: true});
            }
            stack.push(...[...children].reverse());
        }
    }

    getSiblings(row) {
        return this.below.get(row.parent_id) || this.top;
    }

    get columns() {
        return this.plan.months.length + 1;
    }

    getCell(row, column) {
        return column === TOTAL ? row : row.months[column - 1];
    }

    // Changing

    isOver(column) {
        return column !== TOTAL && column <= this.plan.frozen;
    }

    mayEdit(row, column) {
        return row.may_plan && this.plan.changeable && !this.isOver(column);
    }

    /** The plan's own target is no part of anything: it is what it is. */
    mayLock(row, column) {
        return (
            this.mayEdit(row, column) && !(column === TOTAL && row.level === "company")
        );
    }

    getChange(row, column) {
        return this.changes.get(this.getCell(row, column).id);
    }

    isValid(value) {
        return value >= 0 && isMultiple(value, this.plan.unit);
    }

    /** @param {number | null} value at which it is fixed; null lets it go */
    change(row, column, value) {
        const cell = this.getCell(row, column);
        if (value === cell.value && !this.changes.has(cell.id)) {
            return;
        }
        this.put(row, column, value);
    }

    put(row, column, value) {
        this.changes.set(this.getCell(row, column).id, {
            rowId: row.id,
            parentId: this.below.has(row.parent_id) && row.parent_id,
            column,
            value,
        });
        this.refresh();
    }

    revert(row, column) {
        this.changes.delete(this.getCell(row, column).id);
        this.refresh();
    }

    discard() {
        this.changes.clear();
        this.refresh();
    }

    toggleLock(row, column) {
        const cell = this.getCell(row, column);
        const change = this.changes.get(cell.id);
        if (cell.locked && change?.value !== null) {
            this.put(row, column, null);
        } else if (change) {
            this.revert(row, column);
        } else {
            this.put(row, column, cell.value);
        }
    }

    isLocked(row, column) {
        const change = this.getChange(row, column);
        return change ? change.value !== null : this.getCell(row, column).locked;
    }

    isFixed(row, column) {
        return this.isLocked(row, column) || this.isOver(column);
    }

    /**
     * All changes or none.
     *
     * @param {string} reason of the new version, once the plan is published
     */
    async apply(reason) {
        const changes = [...this.changes].map(([id, {rowId, column, value}]) => ({
            id,
            before: this.getCell(this.rows.get(rowId), column).value,
            ...(value === null ? {locked: false} : {value}),
        }));
        await this.orm.call("sales.target.plan", "set_cells", [
            [this.planId],
            changes,
            reason,
        ]);
        this.changes.clear();
        await this.load();
    }

    async move(sourceId, targetId, amount, reason) {
        await this.orm.call("sales.target.plan", "move_amount", [
            [this.planId],
            sourceId,
            targetId,
            amount,
            reason,
        ]);
        await this.load();
    }

    // Live figures

    hasChanges(row) {
        return [row, ...row.months].some((cell) => this.changes.has(cell.id));
    }

    /** Whether what is below a row has to be divided again. */
    isTouched(row) {
        return (
            this.changes.size &&
            (this.below.get(row.id) || []).length &&
            [row, ...this.below.get(row.id)].some((each) => this.hasChanges(each))
        );
    }

    /** A cell with what has been changed: exact where it is fixed, else as it looks. */
    getValue(row, column) {
        const cell = this.getCell(row, column);
        const change = this.changes.get(cell.id);
        if (change && change.value !== null) {
            return change.value;
        }
        if (!this.changes.size || !this.hasChanges(row)) {
            return cell.value;
        }
        if (column === TOTAL) {
            if (this.isLocked(row, TOTAL) || row.level === "company") {
                return row.value;
            }
            const months = row.months.map((month, index) =>
                this.changes.has(month.id)
                    ? this.getValue(row, index + 1)
                    : month.value,
            );
            return sum(months);
        }
        if (this.isFixed(row, column) || !this.getTotalWanted(row)) {
            return cell.value;
        }
        const open = row.months.filter(
            (_month, index) => !this.isFixed(row, index + 1),
        );
        const fixed = row.months.filter((month) => !open.includes(month));
        const left = sum([
            this.getTotalWanted(row),
            ...fixed.map(
                (month) => -(this.changes.get(month.id)?.value ?? month.value),
            ),
        ]);
        return scale(
            cell.value,
            Math.max(left, 0),
            sum(open.map((month) => month.value)),
            this.plan.unit,
        );
    }

    /** The total that a row's months have to make, where that is said. */
    getTotalWanted(row) {
        const change = this.changes.get(row.id);
        if (change && change.value !== null) {
            return change.value;
        }
        return row.level === "company" || this.isLocked(row, TOTAL) ? row.value : 0;
    }

    /** What is assigned to those below a row, with what has been changed. */
    getAssigned(row, column) {
        const cell = this.getCell(row, column);
        const value = this.getValue(row, column);
        return value === cell.value
            ? cell.assigned
            : scale(cell.assigned, value, cell.value, this.plan.unit) || value;
    }

    /** What those below a row who are not fixed still get or give. */
    getRest(row, column) {
        return remainder(
            this.getAssigned(row, column),
            this.below.get(row.id).map((child) => ({
                value: this.getValue(child, column),
                fixed: this.isFixed(child, column),
            })),
        );
    }
}
