import {Component} from "@odoo/owl";
import {deserializeDateTime, formatDateTime} from "@web/core/l10n/dates";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** The checklist of an opportunity's stage; an item is ticked with one tap. */
export class PlaybookField extends Component {
    static template = "sales_force.PlaybookField";
    static props = {...standardFieldProps};

    setup() {
        this.orm = useService("orm");
        this.busy = false;
    }

    get playbook() {
        return this.props.record.data[this.props.name];
    }

    get missing() {
        return this.playbook.items.filter((item) => item.required && !item.done);
    }

    get daysOver() {
        const {allowed, spent} = this.playbook;
        return allowed ? Math.max(0, spent - allowed) : 0;
    }

    describeTick(item) {
        const moment = formatDateTime(deserializeDateTime(item.moment));
        return _t("%(user)s, %(moment)s", {user: item.user, moment});
    }

    async tick(item) {
        const {record} = this.props;
        if (this.busy || !(await record.save())) {
            return;
        }
        this.busy = true;
        try {
            await this.orm.call(record.resModel, "action_sales_tick", [
                [record.resId],
                item.id,
                !item.done,
            ]);
            await record.load();
        } finally {
            this.busy = false;
        }
    }
}

registry.category("fields").add("sales_playbook", {
    component: PlaybookField,
    supportedTypes: ["json"],
});
