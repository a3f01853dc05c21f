// What all scripts of the lesson make elements and sentences with.
export const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

// A sentence with its places in braces filled.
export const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);
