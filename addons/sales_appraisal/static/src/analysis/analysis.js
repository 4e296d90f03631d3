import {Component, onWillStart, useState} from "@odoo/owl";
import {cookie} from "@web/core/browser/cookie";
import {getColor} from "@web/core/colors/colors";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {KeepLast} from "@web/core/utils/concurrency";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Layout} from "@web/search/layout";
import {formatFloat, formatPercentage} from "@web/views/fields/formatters";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {TargetChart, getThemeColor} from "@sales_targets/chart/chart";

const DASH = "–";

/** What the scores of a period say together: distribution, lines, managers, teams. */
export class ScoreAnalysis extends Component {
    static template = "sales_appraisal.ScoreAnalysis";
    static components = {Layout, TargetChart};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.chosen = {period: null, day: null, teamId: null, ...this.props.state};
        this.state = useState({data: null});
        useSetupAction({getLocalState: () => ({...this.chosen})});
        onWillStart(() => this.load());
    }

    async load() {
        const {period, day, teamId} = this.chosen;
        const data = await this.keepLast.add(
            this.orm.call("sales.appraisal.analysis", "get_analysis", [
                period,
                day,
                teamId,
            ]),
        );
        this.charts = data.chosen && {
            distribution: this.getDistribution(data),
            trend: this.getTrend(data),
        };
        this.state.data = data;
    }

    async setPeriod(key) {
        const found = this.state.data.periods.find((period) => period.key === key);
        Object.assign(this.chosen, {period: found.period, day: found.period_from});
        await this.load();
    }

    async setTeam(id) {
        this.chosen.teamId = Number(id) || null;
        await this.load();
    }

    number(value) {
        return typeof value === "number" ? formatFloat(value, {digits: [16, 1]}) : DASH;
    }

    percent(value) {
        return typeof value === "number"
            ? formatPercentage(value, {digits: [16, 0]})
            : DASH;
    }

    /** A difference always says its sign. */
    signed(value) {
        return typeof value === "number" && value > 0
            ? `+${this.number(value)}`
            : this.number(value);
    }

    getCorrelation(kpi) {
        const {association: found} = kpi;
        return found
            ? _t("%(rho)s (%(low)s to %(high)s, %(count)s pairs)", {
                  rho: formatFloat(found.rho, {digits: [16, 2]}),
                  low: formatFloat(found.low, {digits: [16, 2]}),
                  high: formatFloat(found.high, {digits: [16, 2]}),
                  count: found.count,
              })
            : DASH;
    }

    getOptions(axis = {}) {
        const color = getThemeColor("body-color");
        return {
            maintainAspectRatio: false,
            plugins: {legend: {display: false}},
            scales: {
                x: {ticks: {color}, grid: {display: false}},
                y: {ticks: {color, precision: 0}, ...axis},
            },
        };
    }

    getDistribution(data) {
        const labels = data.bins.map(([low]) => `${low}–${low + 10}`);
        return {
            summary: _t(
                "Scores: %s",
                labels
                    .map((label, index) => `${label}: ${data.bins[index][1]}`)
                    .join(", "),
            ),
            config: {
                type: "bar",
                data: {
                    labels,
                    datasets: [
                        {
                            data: data.bins.map(([, count]) => count),
                            backgroundColor: getColor(1, cookie.get("color_scheme")),
                        },
                    ],
                },
                options: this.getOptions({beginAtZero: true}),
            },
        };
    }

    getTrend(data) {
        const color = getColor(1, cookie.get("color_scheme"));
        const line = (label, key, extra) => ({
            label,
            data: data.trend.map((period) => period[key]),
            borderColor: color,
            pointRadius: 3,
            tension: 0.2,
            ...extra,
        });
        const band = {borderColor: "transparent", pointRadius: 0};
        return {
            summary: _t(
                "Mean score: %s",
                data.trend
                    .map((period) => `${period.name}: ${this.number(period.mean)}`)
                    .join(", "),
            ),
            config: {
                type: "line",
                data: {
                    labels: data.trend.map((period) => period.name),
                    datasets: [
                        line(_t("Upper Quarter"), "high", band),
                        line(_t("Lower Quarter"), "low", {
                            ...band,
                            fill: "-1",
                            backgroundColor: `${color}33`,
                        }),
                        line(_t("Mean"), "mean"),
                    ],
                },
                options: this.getOptions(),
            },
        };
    }

    download() {
        const {chosen, team_id: team} = this.state.data;
        return this.action.doAction({
            type: "ir.actions.act_url",
            url: `/sales_appraisal/analysis?period=${chosen.period}&day=${
                chosen.period_from
            }&team_id=${team || ""}`,
            target: "download",
        });
    }

    /** The cards behind a figure. */
    openCards(domain = [], name = _t("Scorecards")) {
        const {chosen, team_id: team} = this.state.data;
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: "sales.scorecard",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [
                ["period", "=", chosen.period],
                ["period_from", "=", chosen.period_from],
                ["has_score", "=", true],
                ["rep_id", "!=", false],
                ...(team ? [["team_id", "=", team]] : []),
                ...domain,
            ],
        });
    }
}

registry.category("actions").add("sales_appraisal.analysis", ScoreAnalysis);
