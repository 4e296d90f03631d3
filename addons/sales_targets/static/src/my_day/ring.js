import {Component} from "@odoo/owl";

const RADIUS = 20;

/** How much of something is done, as a ring with the numbers inside. */
export class Ring extends Component {
    static template = "sales_targets.Ring";
    static props = {done: Number, total: Number, label: String};

    get circumference() {
        return 2 * Math.PI * RADIUS;
    }

    get radius() {
        return RADIUS;
    }

    get dash() {
        const {done, total} = this.props;
        const part = total ? Math.min(done / total, 1) : 0;
        return `${part * this.circumference} ${this.circumference}`;
    }
}
