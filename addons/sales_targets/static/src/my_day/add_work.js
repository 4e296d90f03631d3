import {Component, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";
import {RecordSelector} from "@web/core/record_selectors/record_selector";

/** What is to be done, for which customer. */
export class AddWork extends Component {
    static template = "sales_targets.AddWork";
    static components = {Dialog, RecordSelector};
    static props = {
        close: Function,
        confirm: Function,
        kinds: Array,
        title: String,
    };

    setup() {
        this.state = useState({
            kind: this.props.kinds[0].code,
            partnerId: false,
            name: "",
            minutes: "",
        });
    }

    get isTask() {
        return this.state.kind === "task";
    }

    get isComplete() {
        return this.isTask ? Boolean(this.state.name.trim()) : this.state.partnerId;
    }

    confirm() {
        const {kind, partnerId, name, minutes} = this.state;
        this.props.close();
        return this.props.confirm({
            kind,
            partnerId,
            name,
            minutes: Number(minutes) || false,
        });
    }
}
