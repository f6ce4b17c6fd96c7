// Paths in the checkout. They are absolute, so that scripts work from any folder.
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')
export const inRoot = (...parts) => join(root, ...parts)

/** Node 24 from npm, which runs all of the project's JavaScript, whatever Node the system has. */
export const node24 = inRoot('node_modules/.bin/node')
export const bin = (name) => inRoot('node_modules/.bin', name)

/** The environment for child processes after set-up, in which `node` is Node 24. */
export function preparedEnv(extra = {}) {
  return {
    ...process.env,
    PATH: `${inRoot('node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
    ...extra,
  }
}

export const addonOf = (preset) => inRoot('build', preset, 'dodici.node')
export const logOf = (name) => inRoot('build/logs', `${name}.log`)
