import {useEffect, useRef} from "@odoo/owl";

/**
 * Begin at the top when something else is shown.
 *
 * Whatever scrolls: the content of the action, or on a phone what is around it.
 *
 * @param {string} name of the ref of the action's element
 * @param {() => any} getShown what is shown
 */
export function useScrollTop(name, getShown) {
    const root = useRef(name);
    useEffect(
        () => {
            const content = root.el.querySelector(".o_content");
            for (let el = content; el; el = el.parentElement) {
                el.scrollTop = 0;
            }
        },
        () => [getShown()],
    );
}
