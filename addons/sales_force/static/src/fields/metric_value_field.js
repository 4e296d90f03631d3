import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {formatMetric} from "../metric";

/** A number in the unit of the record's metric: money, a count, a percentage. */
export class MetricValueField extends Component {
    static template = "sales_force.MetricValueField";
    static props = {...standardFieldProps};

    get text() {
        const {name, record} = this.props;
        return formatMetric(record.data[name], record.data.metric_unit, {
            currencyId: record.data.company_currency_id?.id,
        });
    }
}

registry.category("fields").add("sales_metric_value", {
    component: MetricValueField,
    displayName: _t("Value of a Metric"),
    supportedTypes: ["float"],
    fieldDependencies: [
        {name: "metric_unit", type: "selection", readonly: true},
        {
            name: "company_currency_id",
            type: "many2one",
            relation: "res.currency",
            readonly: true,
        },
    ],
});
