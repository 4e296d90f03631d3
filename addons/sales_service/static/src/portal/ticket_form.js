/* global SignaturePad */

import {loadJS} from "@web/core/assets";
import {registry} from "@web/core/registry";
import {Interaction} from "@web/public/interaction";

/** The questions of the category that is chosen, and pads to sign on. */
export class TicketForm extends Interaction {
    static selector = ".o_sales_ticket_form";
    dynamicContent = {
        "#category_id": {"t-on-change": this.showQuestions},
        ".o_sales_signature button": {"t-on-click": this.clearSignature},
    };

    setup() {
        this.pads = new Map();
    }

    async willStart() {
        if (this.el.querySelector(".o_sales_signature")) {
            await loadJS("/web/static/lib/signature_pad/signature_pad.umd.js");
        }
    }

    start() {
        if (this.el.querySelector("#category_id")) {
            this.showQuestions();
        }
        this.startPads();
    }

    showQuestions() {
        const chosen = this.el.querySelector("#category_id").value;
        for (const fieldset of this.el.querySelectorAll("[data-category]")) {
            const other = fieldset.dataset.category !== chosen;
            fieldset.disabled = other;
            fieldset.hidden = other;
        }
        this.startPads();
    }

    /** A pad has its size only when it is seen. */
    startPads() {
        for (const el of this.el.querySelectorAll(".o_sales_signature")) {
            const canvas = el.querySelector("canvas");
            if (this.pads.has(el) || !canvas.offsetWidth) {
                continue;
            }
            canvas.width = canvas.offsetWidth;
            const input = el.querySelector("input");
            const pad = new SignaturePad(canvas, {backgroundColor: "white"});
            if (input.value) {
                pad.fromDataURL(input.value);
            }
            pad.addEventListener("endStroke", () => {
                input.value = pad.toDataURL("image/png");
            });
            this.pads.set(el, pad);
            this.registerCleanup(() => pad.off());
        }
    }

    clearSignature(ev) {
        const el = ev.target.closest(".o_sales_signature");
        this.pads.get(el).clear();
        el.querySelector("input").value = "";
    }
}

registry.category("public.interactions").add("sales_service.ticket_form", TicketForm);
