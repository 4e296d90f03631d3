import {Component, useState} from "@odoo/owl";
import {useAutofocus} from "@web/core/utils/hooks";
import {Dialog} from "@web/core/dialog/dialog";
import {_t} from "@web/core/l10n/translation";
import {sum} from "./figures";

/** Asks how much of a cell goes to which other one, and why. */
export class MoveDialog extends Component {
    static template = "sales_targets.MoveDialog";
    static components = {Dialog};
    static props = {
        source: Object,
        groups: Array,
        targetId: {type: Number, optional: true},
        needsReason: Boolean,
        format: Function,
        parse: Function,
        move: Function,
        close: Function,
    };

    setup() {
        const {source, targetId, groups, format} = this.props;
        useAutofocus({refName: "amount", selectAll: true});
        this.state = useState({
            targetId: targetId || groups[0].cells[0].id,
            amount: format(source.value),
            reason: "",
            error: "",
            busy: false,
        });
    }

    get target() {
        return this.props.groups
            .flatMap((group) => group.cells)
            .find((cell) => cell.id === Number(this.state.targetId));
    }

    get amount() {
        return this.props.parse(this.state.amount);
    }

    /** What both are afterwards; nothing while the amount cannot be moved. */
    get outcome() {
        const {amount, target} = this;
        const {source, format} = this.props;
        if (amount === null || !(amount > 0) || amount > source.value) {
            return null;
        }
        return [
            [source, -amount],
            [target, amount],
        ].map(([cell, change]) => ({
            name: cell.name,
            before: format(cell.value),
            after: format(sum([cell.value, change])),
        }));
    }

    async apply() {
        const {source, needsReason, format} = this.props;
        const reason = this.state.reason.trim();
        if (!this.outcome) {
            this.state.error = _t("%(name)s has %(value)s to give.", {
                name: source.name,
                value: format(source.value),
            });
            return;
        }
        if (needsReason && !reason) {
            this.state.error = _t("Say why the targets change.");
            return;
        }
        this.state.busy = true;
        this.state.error = await this.props.move(this.target.id, this.amount, reason);
        this.state.busy = false;
        if (!this.state.error) {
            this.props.close();
        }
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.apply();
        }
    }
}
