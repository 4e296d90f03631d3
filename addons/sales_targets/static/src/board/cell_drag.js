import {useComponent, useExternalListener} from "@odoo/owl";

const FAR = 6;
const EDGE = 40;

/**
 * Drag a cell onto another one, with the mouse.
 *
 * @param {Object} params
 * @param {{el: HTMLElement}} params.ghost what follows the mouse
 * @param {{el: HTMLElement}} params.scroller scrolled when the mouse is at its edge
 * @param {(element: HTMLElement) => Object | null} params.getCell the cell of an element
 * @param {(cell: Object) => boolean} params.mayStart
 * @param {(source: Object, target: Object) => boolean} params.mayDrop
 * @param {(source: Object, target: Object) => void} params.onDrop
 * @returns {{source: Object | null, target: Object | null, isOver: () => boolean,
 *  start: (ev: PointerEvent) => void}}
 */
export function useCellDrag(params) {
    const component = useComponent();
    const drag = {source: null, target: null, shown: false, over: false};
    let pressed = null;

    function place(ev) {
        const {el} = params.ghost;
        if (el) {
            el.style.transform = `translate(${ev.clientX + 12}px, ${ev.clientY + 12}px)`;
        }
    }

    function scroll(ev) {
        const {el} = params.scroller;
        const {top, bottom} = el.getBoundingClientRect();
        if (ev.clientY > bottom - EDGE) {
            el.scrollTop += EDGE / 2;
        } else if (ev.clientY < top + EDGE * 2) {
            el.scrollTop -= EDGE / 2;
        }
    }

    function find(ev) {
        const element = document.elementFromPoint(ev.clientX, ev.clientY);
        const cell = element && params.getCell(element);
        return cell && params.mayDrop(drag.source, cell) ? cell : null;
    }

    function stop() {
        pressed = drag.source = drag.target = null;
        drag.shown = false;
        component.render();
    }

    useExternalListener(window, "pointermove", (ev) => {
        if (!pressed) {
            return;
        }
        if (!drag.source) {
            const way = Math.hypot(ev.clientX - pressed.x, ev.clientY - pressed.y);
            if (way < FAR) {
                return;
            }
            drag.source = pressed.cell;
            drag.over = true;
        }
        ev.preventDefault();
        const target = find(ev);
        if (
            target?.row !== drag.target?.row ||
            target?.column !== drag.target?.column ||
            !drag.shown
        ) {
            Object.assign(drag, {target, shown: true});
            component.render();
        }
        place(ev);
        scroll(ev);
    });
    useExternalListener(window, "pointerup", (ev) => {
        if (drag.source) {
            const {source} = drag;
            const target = find(ev);
            stop();
            if (target) {
                params.onDrop(source, target);
            }
        }
        pressed = null;
    });
    useExternalListener(window, "pointercancel", stop);
    useExternalListener(
        window,
        "keydown",
        (ev) => {
            if (drag.source && ev.key === "Escape") {
                ev.stopPropagation();
                stop();
            }
        },
        {capture: true},
    );

    return {
        get source() {
            return drag.source;
        },
        get target() {
            return drag.target;
        },
        /** Whether the click that comes now only ends a drag. */
        isOver() {
            const {over} = drag;
            drag.over = false;
            return over;
        },
        start(ev) {
            drag.over = false;
            if (ev.target.closest("input, button")) {
                return;
            }
            const cell = params.getCell(ev.target);
            if (
                ev.button === 0 &&
                ev.pointerType !== "touch" &&
                params.mayStart(cell)
            ) {
                pressed = {cell, x: ev.clientX, y: ev.clientY};
            }
        },
    };
}
