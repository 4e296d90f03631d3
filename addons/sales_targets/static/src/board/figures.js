/** Amounts are exact as whole hundredths, which is the smallest unit of any plan. */

const toHundredths = (value) => Math.round(value * 100);

/**
 * @param {number[]} values
 * @returns {number} their sum, without the noise of binary fractions
 */
export function sum(values) {
    return values.reduce((total, value) => total + toHundredths(value), 0) / 100;
}

/** Whether an amount is a whole multiple of the plan's smallest unit. */
export function isMultiple(value, unit) {
    return (
        Math.abs(value * 100 - toHundredths(value)) < 1e-4 &&
        toHundredths(value) % toHundredths(unit) === 0
    );
}

/** An amount in proportion, rounded to the plan's smallest unit. */
export function scale(value, by, of, unit) {
    return of ? (Math.round((value * by) / of / unit) * toHundredths(unit)) / 100 : 0;
}

/**
 * What is left of a whole when some of its parts are fixed.
 *
 * @param {number} whole what is to be divided
 * @param {{value: number, fixed: boolean}[]} parts as they are now
 * @returns {{rest: number, free: number, possible: boolean}} what those that are not
 *  fixed get on top of what they have; how many they are; and whether they can take it:
 *  somebody is left, and nobody ends below zero
 */
export function remainder(whole, parts) {
    const free = parts.filter((part) => !part.fixed);
    const rest = sum([whole, ...parts.map((part) => -part.value)]);
    const has = sum(free.map((part) => part.value));
    return {
        rest,
        free: free.length,
        possible: !rest || Boolean(free.length && has + rest >= 0),
    };
}
