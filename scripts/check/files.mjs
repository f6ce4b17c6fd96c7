// The files for formatters and linters: those that git knows, so that build folders need no list of exceptions.
import { statSync } from 'node:fs'
import { capture, StepFailed } from '../support/run.mjs'
import { inRoot, root } from '../support/paths.mjs'

const native = /^(core|addon|tests|bench)\/.*\.(h|cpp)$/
const script = /\.(ts|mts|mjs|js)$/

/** Paths from the root. New files count before they are added; deleted ones do not. */
export async function projectFiles() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const listed = await capture('git', args, { cwd: root })
  if (listed === undefined)
    throw new StepFailed('git ls-files failed: the checks need a git checkout.')
  return [...new Set(listed.split('\n'))].filter(
    (file) => file !== '' && statSync(inRoot(file), { throwIfNoEntry: false })?.isFile(),
  )
}

export const isNative = (file) => native.test(file)
export const isScript = (file) => script.test(file)
