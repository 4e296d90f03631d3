import {Component, onMounted, onWillStart, onWillUnmount, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {rpc} from "@web/core/network/rpc";
import {registry} from "@web/core/registry";
import {user} from "@web/core/user";

// How often the server is asked, which takes new places once a minute, and how long
// something is celebrated, in milliseconds.
const POLL = 20000;
const CELEBRATION = 7000;
const CONFETTI = 80;
const COLORS = ["#f2c94c", "#6fcf97", "#56ccf2", "#eb5757", "#bb6bd9"];

/**
 * Boards in turn, for everybody's eyes. What is new since the last look is celebrated:
 * who takes the lead, large orders, targets reached.
 */
export class Screen extends Component {
    static template = "sales_appraisal.Screen";
    static props = {load: Function, close: {type: Function, optional: true}};

    setup() {
        this.state = useState({
            data: null,
            number: 0,
            event: null,
            isLost: false,
            time: "",
        });
        this.seen = null;
        this.queue = [];
        this.timers = [];
        onWillStart(() => this.refresh());
        onMounted(() => {
            this.timers.push(setInterval(() => this.refresh(), POLL));
            this.timers.push(setInterval(() => this.tick(), 1000));
            this.shown = Date.now();
        });
        onWillUnmount(() => {
            this.timers.forEach(clearInterval);
            clearTimeout(this.celebration);
        });
    }

    async refresh() {
        try {
            this.state.data = await this.props.load();
            this.state.isLost = false;
        } catch {
            // The last known places stay until the server answers again.
            this.state.isLost = true;
            return;
        }
        const {events} = this.state.data;
        if (this.seen) {
            this.queue.push(...events.filter(({key}) => !this.seen.has(key)));
        }
        this.seen = new Set([...(this.seen || []), ...events.map(({key}) => key)]);
        this.celebrate();
    }

    tick() {
        this.state.time = new Date().toLocaleTimeString([], {
            hour: "2-digit",
            minute: "2-digit",
        });
        const {data, event} = this.state;
        if (data && !event && Date.now() - this.shown > 1000 * data.seconds) {
            this.turn(1);
        }
    }

    turn(step) {
        const count = this.slides.length;
        this.state.number = count ? (this.state.number + step + count) % count : 0;
        this.shown = Date.now();
    }

    celebrate() {
        if (this.state.event || !this.queue.length) {
            return;
        }
        this.state.event = this.queue.shift();
        if (this.state.data.sound) {
            this.play();
        }
        this.celebration = setTimeout(() => {
            this.state.event = null;
            this.shown = Date.now();
            this.celebrate();
        }, CELEBRATION);
    }

    /** Three notes; browsers stay silent until somebody has touched the page. */
    play() {
        const context = new AudioContext();
        [523, 659, 784].forEach((frequency, number) => {
            const oscillator = context.createOscillator();
            const gain = context.createGain();
            const start = context.currentTime + number * 0.18;
            oscillator.frequency.value = frequency;
            gain.gain.setValueAtTime(0.2, start);
            gain.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
            oscillator.connect(gain).connect(context.destination);
            oscillator.start(start);
            oscillator.stop(start + 0.4);
        });
    }

    get slides() {
        return this.state.data?.slides || [];
    }

    get slide() {
        return this.slides[Math.min(this.state.number, this.slides.length - 1)];
    }

    get dots() {
        return this.slides.map(({key}, number) => ({
            key,
            isActive: number === this.state.number,
        }));
    }

    get confetti() {
        return [...Array(CONFETTI).keys()].map((number) => ({
            number,
            style:
                `left: ${(number * 37) % 100}%;` +
                `animation-delay: ${((number * 53) % 100) / 50}s;` +
                `background-color: ${COLORS[number % COLORS.length]}`,
        }));
    }

    getInitials(name) {
        const words = name.trim().split(/\s+/);
        return words.length > 1
            ? words[0][0] + words.at(-1)[0]
            : Array.from(name).slice(0, 2).join("");
    }

    getChangeTitle({change}) {
        return change > 0 ? _t("%s places won", change) : _t("%s places lost", -change);
    }
}

/** The screen of somebody who is logged in. */
export class ScreenAction extends Component {
    static template = "sales_appraisal.ScreenAction";
    static components = {Screen};
    static props = ["*"];

    setup() {
        const id = this.props.action.params.screen_id;
        this.load = () =>
            rpc("/web/dataset/call_kw/sales.screen/get_slides", {
                model: "sales.screen",
                method: "get_slides",
                args: [[id]],
                kwargs: {context: user.context},
            });
        this.close = () => window.history.back();
    }
}

/** The screen of whoever has its link. */
export class ScreenPage extends Component {
    static template = "sales_appraisal.ScreenPage";
    static components = {Screen};
    static props = {token: String};

    setup() {
        const token = encodeURIComponent(this.props.token);
        this.load = () => rpc(`/sales/screen/${token}/data`, {}, {silent: true});
    }
}

registry.category("actions").add("sales_appraisal.screen", ScreenAction);
registry.category("public_components").add("sales_appraisal.screen", ScreenPage);
