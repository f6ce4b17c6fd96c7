import type * as Http from 'node:http'

/**
 * Node's `http`. An `import` would read all its exports, and one of these getters loads Node's own undici, which a
 * program with dodici may never need.
 */
export const http: typeof Http = process.getBuiltinModule('node:http')
