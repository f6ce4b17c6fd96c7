/** This package's version: its addon must have the same. tests/architecture compares it to package.json. */
export const version = '0.1.0'
