import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

/** Places won or lost; "New" for who had no place before. */
export class RankChangeField extends Component {
    static template = "sales_force.RankChangeField";
    static props = {...standardFieldProps};

    get change() {
        return this.props.record.data[this.props.name];
    }

    get isNew() {
        return !this.props.record.data.previous_rank;
    }

    get title() {
        const before = this.props.record.data.previous_rank;
        return before
            ? _t("Place %s in the same days before", before)
            : _t("No place in the same days before");
    }
}

registry.category("fields").add("sales_rank_change", {
    component: RankChangeField,
    displayName: _t("Change of Place"),
    supportedTypes: ["integer"],
    fieldDependencies: [{name: "previous_rank", type: "integer", readonly: true}],
});
