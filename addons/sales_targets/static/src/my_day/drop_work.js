import {Component, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";

/** Why what was accepted is dropped after all. */
export class DropWork extends Component {
    static template = "sales_targets.DropWork";
    static components = {Dialog};
    static props = {
        close: Function,
        confirm: Function,
        reasons: Array,
        title: String,
    };

    setup() {
        this.state = useState({reasonId: "", note: ""});
    }

    confirm() {
        const {reasonId, note} = this.state;
        this.props.close();
        return this.props.confirm(Number(reasonId), note);
    }
}
