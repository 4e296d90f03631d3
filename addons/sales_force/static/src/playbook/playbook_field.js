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

    get toDo() {
        return _t("Before the next stage: %(count)s to do", {
            count: this.missing.length,
        });
    }

    get isLate() {
        return this.playbook.spent > this.playbook.allowed;
    }

    get days() {
        const {allowed, spent} = this.playbook;
        return this.isLate
            ? _t("%(days)s days over the %(allowed)s allowed", {
                  days: spent - allowed,
                  allowed,
              })
            : _t("Day %(spent)s of %(allowed)s", {spent, allowed});
    }

    describeTick(item) {
        const moment = formatDateTime(deserializeDateTime(item.moment), {
            showSeconds: false,
        });
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
