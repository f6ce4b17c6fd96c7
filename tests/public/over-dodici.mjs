// node --import ./over-dodici.mjs: an import of undici gets it with dodici's classes in place of its own, and the
// built-in fetch goes over dodici's Agent, too. dodici itself gets the suite's undici, as if it were installed beside
// it.
import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const here = (path) => new URL(path, import.meta.url).href
const ours = here('../../lib/')
const merged = here('./undici-merged.cjs')
const theirs = pathToFileURL(createRequire(here('./suites/package.json')).resolve('undici')).href

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'undici' && specifier !== 'undici/index.js') return next(specifier, context)
    const parent = context.parentURL ?? ''
    const url = parent === merged || parent.startsWith(ours) ? theirs : merged
    return { url, shortCircuit: true }
  },
})

const { Agent } = await import('../../lib/index.ts')
await import('../../lib/register.ts')

// Agent, Pool and Client get their dispatch() from one class; outcomes.mjs reports how often it was called.
const base = Object.getPrototypeOf(Agent.prototype)
const { dispatch } = base
globalThis.dispatchedByDodici = 0
base.dispatch = function counted(options, handler) {
  globalThis.dispatchedByDodici += 1
  return dispatch.call(this, options, handler)
}
