import {
    formatFloat,
    formatMonetary,
    formatPercentage,
} from "@web/views/fields/formatters";

/**
 * A value in the unit of its metric; a dash where there is nothing to divide by.
 *
 * @param {number | false | null} value a ratio as a fraction
 * @param {string} unit of sales.metric
 * @param {object} [options]
 * @param {number} [options.currencyId] of amounts of money
 * @param {boolean} [options.humanReadable] 1.2M instead of 1,234,567.89
 * @returns {string}
 */
export function formatMetric(value, unit, {currencyId, humanReadable = false} = {}) {
    if (value === null || value === undefined || value === false) {
        return "–";
    }
    switch (unit) {
        case "money":
            return formatMonetary(value, {
                currencyId,
                humanReadable: humanReadable && Math.abs(value) >= 100000,
            });
        case "percent":
            return formatPercentage(value, {digits: [16, 1]});
        default:
            return formatFloat(value, {digits: [16, 2], trailingZeros: false});
    }
}
