/* global Chart */
import {Component, onWillStart, useEffect, useRef} from "@odoo/owl";
import {loadBundle} from "@web/core/assets";

/** A figure drawn by Chart.js; what it says is said in words, too. */
export class TargetChart extends Component {
    static template = "sales_targets.Chart";
    static props = {config: Object, summary: String, className: String};

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            (config) => {
                const chart = new Chart(this.canvas.el, config);
                return () => chart.destroy();
            },
            () => [this.props.config],
        );
    }
}

/**
 * A colour of the theme, as the canvas needs it: bright or dark.
 *
 * @param {string} name of a Bootstrap variable: success, danger, body-color
 * @returns {string}
 */
export function getThemeColor(name) {
    return getComputedStyle(document.body).getPropertyValue(`--${name}`).trim();
}
