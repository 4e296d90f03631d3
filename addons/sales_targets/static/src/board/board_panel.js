import {Component} from "@odoo/owl";
import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";

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
            return "";
        }
        const {format, formatNumber} = this.props;
        return _t("%(assigned)s, of which %(amount)s on top as hedge (%(percent)s %)", {
            assigned: format(assigned),
            amount: format(assigned - value),
            percent: formatNumber(value ? (100 * (assigned - value)) / value : 0),
        });
    }

    get answerDate() {
        const {answer_date} = this.props.detail;
        return answer_date && formatDate(deserializeDate(answer_date));
    }

    get gap() {
        const {answer, proposed, value} = this.props.row;
        return answer === "countered" ? this.props.format(proposed - value, true) : "";
    }
}
