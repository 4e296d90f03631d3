import {checkRainbowmanMessage} from "@crm/views/check_rainbowman_message";
import "@crm/views/crm_form/crm_form";
import {Component, onWillDestroy, useState} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";
import {standardErrorDialogProps} from "@web/core/errors/error_dialogs";
import {registry} from "@web/core/registry";
import {useAutofocus, useService} from "@web/core/utils/hooks";
import {patch} from "@web/core/utils/patch";

const REASON_NEEDED = "odoo.addons.sales_force.exceptions.ReasonNeeded";

/** Shown instead of the refusal to leave a stage unfinished: asks for the reason. */
export class StageReasonDialog extends Component {
    static template = "sales_force.StageReasonDialog";
    static components = {Dialog};
    static props = {...standardErrorDialogProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.effect = useService("effect");
        this.state = useState({reason: "", busy: false, left: false});
        useAutofocus({refName: "reason"});
        onWillDestroy(() => this.state.left || this.props.data.context.stay?.());
    }

    async leave() {
        const {lead_ids, stage_id} = this.props.data.context;
        this.state.busy = true;
        try {
            await this.orm.call("crm.lead", "action_sales_leave_stage", [
                lead_ids,
                stage_id,
                this.state.reason,
            ]);
        } finally {
            this.state.busy = false;
        }
        this.state.left = true;
        if (lead_ids.length === 1) {
            await checkRainbowmanMessage(this.orm, this.effect, lead_ids[0]);
        }
        this.action.doAction("soft_reload");
        this.props.close();
    }
}

registry.category("error_dialogs").add(REASON_NEEDED, StageReasonDialog);

patch(registry.category("views").get("crm_form").Model.Record.prototype, {
    async _save() {
        try {
            return await super._save(...arguments);
        } catch (error) {
            if (error.exceptionName === REASON_NEEDED) {
                // Who stays sees the stage again in which the opportunity is.
                error.data.context.stay = () =>
                    this.update({stage_id: this._values.stage_id});
            }
            throw error;
        }
    },
});
