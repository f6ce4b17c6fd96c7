// The checkers: each function returns whether all is well, and prints what is wrong.
import { bin, inRoot, node24, preparedEnv, root } from '../support/paths.mjs'
import { runVisible } from '../support/run.mjs'
import { isNative, isScript, projectFiles } from './files.mjs'

const onNode24 = (tool, ...args) =>
  runVisible(node24, [bin(tool), ...args], { cwd: root, env: preparedEnv() })

export async function clangFormat(...options) {
  const files = (await projectFiles()).filter(isNative)
  return (
    files.length === 0 ||
    (await runVisible('clang-format', [...options, ...files], { cwd: root })) === 0
  )
}

export async function oxfmt(option) {
  return (await onNode24('oxfmt', option, '--no-error-on-unmatched-pattern', '.')) === 0
}

export async function oxlint(...options) {
  const files = (await projectFiles()).filter(isScript)
  return (await onNode24('oxlint', '--type-aware', '--deny-warnings', ...options, ...files)) === 0
}

export async function typeCheck() {
  return (await onNode24('tsc', '--noEmit', '-p', inRoot('tsconfig.json'))) === 0
}

/** Writes the API reference into build/reference. A warning is a failure. REQUIRES: ensureTypedoc() has run. */
export async function reference() {
  const folder = inRoot('scripts/docs/reference')
  const typedoc = ['node_modules/typedoc/bin/typedoc', '--logLevel', 'Warn']
  return (await runVisible(node24, typedoc, { cwd: folder, env: preparedEnv() })) === 0
}

/** Checks package.json's exports as a user's package manager and TypeScript read them. REQUIRES: dist/ is built. */
export async function publint() {
  return (await onNode24('publint', '--strict')) === 0
}
