/* global Chart */
import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {loadBundle} from "@web/core/assets";
import {getColor} from "@web/core/colors/colors";
import {cookie} from "@web/core/browser/cookie";
import {deserializeDate} from "@web/core/l10n/dates";

/** Twelve months as bars, the running one darker, read by pointing at them. */
export class Sparkline extends Component {
    static template = "sales_force.Sparkline";
    static props = {
        labels: Array,
        texts: Array,
        values: Array,
        summary: String,
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                const chart = new Chart(this.canvas.el, this.getConfig());
                return () => chart.destroy();
            },
            () => [this.props.values],
        );
    }

    getConfig() {
        const {labels, texts, values} = this.props;
        const color = getColor(0, cookie.get("color_scheme"), "odoo");
        return {
            type: "bar",
            data: {
                labels,
                datasets: [
                    {
                        data: values,
                        backgroundColor: values.map((_value, index) =>
                            index === values.length - 1 ? color : `${color}66`,
                        ),
                        borderRadius: 2,
                        minBarLength: 1,
                    },
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: {mode: "index", intersect: false},
                plugins: {
                    legend: {display: false},
                    tooltip: {
                        displayColors: false,
                        callbacks: {label: ({dataIndex}) => texts[dataIndex]},
                    },
                },
                scales: {
                    x: {display: false},
                    y: {display: false, beginAtZero: true},
                },
            },
        };
    }
}

/** The props of a sparkline for the first days of months and a value for each. */
export function getTrendProps(months, values, format) {
    const labels = months.map((day) =>
        deserializeDate(day).toLocaleString({month: "short", year: "numeric"}),
    );
    const texts = values.map(format);
    const summary = labels.map((label, index) => `${label}: ${texts[index]}`);
    return {labels, texts, values, summary: summary.join(", ")};
}
