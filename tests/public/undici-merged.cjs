// undici, with what dodici exports in place of its own: what a program gets that imports from dodici instead.
module.exports = { ...require('undici'), ...require('../../lib/index.ts') }
