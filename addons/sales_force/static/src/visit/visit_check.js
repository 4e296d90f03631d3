import {Component, useRef, useState} from "@odoo/owl";
import {ConfirmationDialog} from "@web/core/confirmation_dialog/confirmation_dialog";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const LOCATE = {enableHighAccuracy: true, timeout: 15000, maximumAge: 0};
const REFUSED = 1;
const LARGEST = 1600;

/** The position of the device; `refused`, or null where there is none. */
export function locate() {
    const {geolocation} = navigator;
    if (!geolocation) {
        return null;
    }
    return new Promise((resolve) =>
        geolocation.getCurrentPosition(
            ({coords: {latitude, longitude, accuracy}}) =>
                resolve({latitude, longitude, accuracy}),
            ({code}) => resolve(code === REFUSED ? {refused: true} : null),
            LOCATE,
        ),
    );
}

/** A photo as base64, small enough to send on the way. */
async function shrink(file) {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
}

/** Whether the user agrees to what the server wants to keep; asked where it is open. */
export async function consents({orm, dialog}, {ask, consent, notice, company_id}) {
    if (!ask || consent !== null) {
        return Boolean(ask && consent);
    }
    const given = await new Promise((resolve) =>
        dialog.add(
            ConfirmationDialog,
            {
                title: _t("May your position be kept?"),
                body: notice,
                confirmLabel: _t("Agree"),
                cancelLabel: _t("Refuse"),
                confirm: () => resolve(true),
                cancel: () => resolve(false),
            },
            {onClose: () => resolve(false)},
        ),
    );
    await orm.call("sales.position.consent", "action_answer", [company_id, given]);
    return given;
}

/** Check-in, check-out and photos of a visit, with large buttons for a thumb. */
export class VisitCheck extends Component {
    static template = "sales_force.VisitCheck";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.camera = useRef("camera");
        this.state = useState({busy: ""});
    }

    get data() {
        return this.props.record.data;
    }

    call(method, ...parameters) {
        return this.orm.call("sales.visit", method, [
            [this.props.record.resId],
            ...parameters,
        ]);
    }

    /** Save what was typed, do something, and show what came of it. */
    async perform(text, job) {
        const {record} = this.props;
        if (this.state.busy) {
            return;
        }
        this.state.busy = text;
        try {
            if (await record.save()) {
                await job();
                await record.load();
            }
        } finally {
            this.state.busy = "";
        }
    }

    check(method) {
        return this.perform(_t("Looking for your position…"), async () => {
            const info = await this.call("get_check");
            const position = (await consents(this, info))
                ? await locate()
                : {refused: true};
            await this.call(method, position);
        });
    }

    takePhoto() {
        this.camera.el.click();
    }

    async addPhoto(ev) {
        const [file] = ev.target.files;
        ev.target.value = "";
        if (!file) {
            return;
        }
        let image;
        try {
            image = await shrink(file);
        } catch {
            this.notification.add(_t("This is no picture."), {type: "danger"});
            return;
        }
        await this.perform(_t("Sending the photo…"), () =>
            this.call("add_photo", image),
        );
    }
}

registry.category("view_widgets").add("sales_visit_check", {component: VisitCheck});
