import {Component} from "@odoo/owl";

/** The selected node: why this number, what was answered, and what can be done. */
export class BoardPanel extends Component {
    static template = "sales_targets.BoardPanel";
    static props = {
        row: Object,
        detail: {type: Object, optional: true},
        cell: Object,
        format: Function,
        formatNumber: Function,
        onClose: Function,
        onOpen: Function,
        onLock: Function,
        onMove: Function,
        onSettle: Function,
    };

    get hedge() {
        const {assigned, value} = this.props.row;
        if (!assigned || assigned === value) {
            return null;
        }
        return {
            assigned: this.props.format(assigned),
            amount: this.props.format(assigned - value),
            percent:
                value && this.props.formatNumber((100 * (assigned - value)) / value),
        };
    }

    get gap() {
        const {answer, proposed, value} = this.props.row;
        return answer === "countered" ? this.props.format(proposed - value, true) : "";
    }
}
