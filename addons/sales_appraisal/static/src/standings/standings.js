import {Component, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {standardFieldProps} from "@web/views/fields/standard_field_props";
import {formatMetric} from "@sales_force/metric";

// Rows of a group that are shown at once.
const FIRST = 30;

/** Places among peers, as the server lets the user see them. */
export class Standings extends Component {
    static template = "sales_appraisal.Standings";
    static props = {
        standing: Object,
        compact: {type: Boolean, optional: true},
    };

    setup() {
        this.state = useState({all: {}});
    }

    getRows(group) {
        return this.state.all[group.key] ? group.rows : group.rows.slice(0, FIRST);
    }

    getRest(group) {
        return group.rows.length - this.getRows(group).length;
    }

    showAll(group) {
        this.state.all[group.key] = true;
    }

    format(value) {
        const {unit, currency_id} = this.props.standing;
        return formatMetric(value, unit, {
            currencyId: currency_id,
            humanReadable: this.props.compact,
        });
    }

    /** The part of the group's best result. */
    getBar(group, row) {
        const best = Math.max(...group.rows.map(({value}) => Math.abs(value || 0)));
        return `width: ${best ? (100 * Math.max(row.value, 0)) / best : 0}%`;
    }

    getChangeTitle(row) {
        if (row.change > 0) {
            return _t("%s places won", row.change);
        }
        return row.change < 0 ? _t("%s places lost", -row.change) : _t("Same place");
    }

    getPlace(row) {
        return row.place || "–";
    }
}

/** The standings of a board or contest; boards turn to other days. */
export class StandingsField extends Component {
    static template = "sales_appraisal.StandingsField";
    static components = {Standings};
    static props = {...standardFieldProps, compact: {type: Boolean, optional: true}};

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({standing: null});
    }

    get standing() {
        return this.state.standing || this.props.record.data[this.props.name];
    }

    async turnTo(day) {
        const {resModel, resId} = this.props.record;
        this.state.standing = await this.keepLast.add(
            this.orm.call(resModel, "get_standings", [[resId], day]),
        );
    }
}

registry.category("fields").add("sales_standings", {
    component: StandingsField,
    displayName: _t("Standings"),
    supportedTypes: ["json"],
    extractProps: ({options}) => ({compact: Boolean(options.compact)}),
});
