import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {CurvePlot} from "../score_curve/score_curve";

/** Where a rep is in the tables of a statement's rules; small: without the curves. */
export class CommissionStanding extends Component {
    static template = "sales_appraisal.CommissionStanding";
    static components = {CurvePlot};
    static props = {...standardFieldProps, small: {type: Boolean, optional: true}};

    get places() {
        return this.props.record.data[this.props.name] || [];
    }
}

/** What the periods before have paid, as bars; each opens its statement. */
export class CommissionHistory extends Component {
    static template = "sales_appraisal.CommissionHistory";
    static props = {...standardFieldProps};

    setup() {
        this.action = useService("action");
    }

    get periods() {
        return this.props.record.data[this.props.name] || [];
    }

    /** Heights in percent of the largest amount. */
    get bars() {
        const most = Math.max(...this.periods.map((period) => Math.abs(period.amount)));
        return this.periods.map((period) => ({
            ...period,
            height: most ? (100 * Math.abs(period.amount)) / most : 0,
            title: `${period.label}: ${period.shown} (${period.state})`,
        }));
    }

    open(period) {
        if (period.current) {
            return;
        }
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "sales.commission.statement",
            res_id: period.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("fields").add("sales_commission_standing", {
    component: CommissionStanding,
    displayName: _t("Place in the Tables of Commission"),
    supportedTypes: ["json"],
    extractProps: ({options}) => ({small: Boolean(options.small)}),
});
registry.category("fields").add("sales_commission_history", {
    component: CommissionHistory,
    displayName: _t("Commission of the Last Periods"),
    supportedTypes: ["json"],
});
