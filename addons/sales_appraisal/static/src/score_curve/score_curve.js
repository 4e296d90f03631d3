import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {formatFloat} from "@web/views/fields/formatters";
import {standardFieldProps} from "@web/views/fields/standard_field_props";

const SIZES = {
    large: {width: 420, height: 200, left: 16, bottom: 26, top: 12, right: 16},
    small: {width: 90, height: 32, left: 2, bottom: 3, top: 3, right: 2},
};
// No more labels on the axis than fit beside each other.
const LABELS = 7;
// As wide as a digit of a label.
const LETTER = 6.5;

/** A curve: input to the right, points upwards; the own place. */
export class CurvePlot extends Component {
    static template = "sales_appraisal.CurvePlot";
    static props = {
        points: Array,
        place: {type: [Number, {value: null}], optional: true},
        small: {type: Boolean, optional: true},
    };

    get size() {
        if (this.props.small) {
            return SIZES.small;
        }
        // Wide enough for the labels beside the axis.
        const longest = Math.max(...this.values.map((y) => this.format(y).length));
        return {...SIZES.large, left: SIZES.large.left + LETTER * longest};
    }

    /** The points that are labelled beside the axis. */
    get values() {
        const ys = new Set(this.props.points.map((point) => point[1]));
        return [...ys].slice(0, LABELS);
    }

    get viewBox() {
        return `0 0 ${this.size.width} ${this.size.height}`;
    }

    get hasPlace() {
        return typeof this.props.place === "number";
    }

    get range() {
        const points = this.props.points;
        const xs = points.map((point) => point[0]);
        if (this.hasPlace) {
            xs.push(this.props.place);
        }
        const ys = points.map((point) => point[1]);
        const [low, high] = [Math.min(0, ...ys), Math.max(...ys)];
        return {
            x: [Math.min(...xs), Math.max(...xs)],
            y: [low, high > low ? high : low + 1],
        };
    }

    toX(x) {
        const [start, stop] = this.range.x;
        const {left, right, width} = this.size;
        return left + ((x - start) / (stop - start || 1)) * (width - left - right);
    }

    toY(y) {
        const [low, high] = this.range.y;
        const {top, bottom, height} = this.size;
        return height - bottom - ((y - low) / (high - low)) * (height - top - bottom);
    }

    /** The corners, and level lines to a place outside of them. */
    get corners() {
        const points = this.props.points;
        const [start, stop] = this.range.x;
        return [[start, points[0][1]], ...points, [stop, points.at(-1)[1]]];
    }

    get path() {
        return this.corners
            .map(([x, y], i) => `${i ? "L" : "M"}${this.toX(x)} ${this.toY(y)}`)
            .join(" ");
    }

    get baseline() {
        const {height, bottom, left, right, width} = this.size;
        return {x1: left, x2: width - right, y: height - bottom};
    }

    get marks() {
        const seen = new Set();
        const inner = this.props.points.slice(1, -1);
        return inner
            .filter(([x]) => !seen.has(x) && seen.add(x))
            .slice(0, LABELS)
            .map(([x, y]) => ({
                key: x,
                x: this.toX(x),
                y: this.toY(y),
                label: this.format(x),
            }));
    }

    get levels() {
        return this.values.map((y) => ({
            key: y,
            y: this.toY(y),
            label: this.format(y),
        }));
    }

    get summary() {
        return this.props.points
            .map(([x, y]) =>
                _t("%(input)s gives %(points)s", {
                    input: this.format(x),
                    points: this.format(y),
                }),
            )
            .join(", ");
    }

    format(value) {
        return formatFloat(value, {digits: [16, 2], trailingZeros: false});
    }
}

/** The curve of a scoring function; of a line of a card with its own input. */
export class ScoreCurve extends Component {
    static template = "sales_appraisal.ScoreCurve";
    static components = {CurvePlot};
    static props = {...standardFieldProps, small: {type: Boolean, optional: true}};

    get curve() {
        const {name, record} = this.props;
        const curve = record.data[name];
        return curve && curve.points.length > 1 ? curve : null;
    }

    get place() {
        const {applies, x} = this.props.record.data;
        return applies && x !== undefined ? x : null;
    }
}

registry.category("fields").add("sales_score_curve", {
    component: ScoreCurve,
    displayName: _t("Curve of a Scoring Function"),
    supportedTypes: ["json"],
    extractProps: ({options}) => ({small: Boolean(options.small)}),
});
