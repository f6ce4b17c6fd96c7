import type * as Http from 'node:http'

/**
 * Node's `http`, not by `import`: that would read all that the module exports, and one of its getters loads the undici that
 * Node brings, which an application over dodici may never need.
 */
export const http: typeof Http = process.getBuiltinModule('node:http')
