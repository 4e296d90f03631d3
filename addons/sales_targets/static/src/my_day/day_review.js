import {Component, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";

/** Why what was planned was not done: a reason for each, or the same for all. */
export class DayReview extends Component {
    static template = "sales_targets.DayReview";
    static props = {
        busy: Boolean,
        cancel: Function,
        items: Array,
        reasons: Array,
        submit: Function,
    };

    setup() {
        this.state = useState({answers: {}, note: ""});
        for (const item of this.props.items) {
            this.state.answers[item.id] = {
                reason_id: false,
                note: "",
                carry: item.kind !== "standard",
            };
        }
    }

    getAnswer(item) {
        return this.state.answers[item.id];
    }

    get left() {
        return this.props.items.filter((item) => !this.getAnswer(item).reason_id)
            .length;
    }

    get leftText() {
        return _t("%s without a reason", this.left);
    }

    setReason(item, value) {
        this.getAnswer(item).reason_id = Number(value) || false;
    }

    /** For all that have none yet. */
    setAll(value) {
        for (const item of this.props.items) {
            const answer = this.getAnswer(item);
            answer.reason_id = answer.reason_id || Number(value) || false;
        }
    }

    submit() {
        return this.props.submit(this.state.answers, this.state.note);
    }
}
