// What the sanitizers wrote into files while they watched a Node process: some processes have nobody who reads what they
// print, and some faults are found at the very end of one.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture } from './run.mjs'

/** Each file is one process's. */
export function reportsIn(folder) {
  return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
}

/**
 * Of TSan's reports those in which the addon itself touches memory. V8 and libuv are not instrumented: TSan sees their
 * mallocs but not how they hand memory from thread to thread, and reports thousands.
 */
export async function racesOf(addon, texts) {
  const races = texts.flatMap((text) => text.split('==================')).filter(isOurs)
  return Promise.all(races.map((race) => withLines(addon, race)))
}

// Two accesses come first, with a blank line between. A number of a closed descriptor that is used again is no race.
function isOurs(report) {
  if (
    !report.includes('WARNING: ThreadSanitizer') ||
    report.includes('Location is file descriptor')
  )
    return false
  const accesses = report.split('\n\n').slice(0, 2)
  return accesses.some((stack) => firstModule(stack) === 'dodici.node')
}

function firstModule(stack) {
  const modules = [...stack.matchAll(/#\d+ .*\(([\w.-]+)\+0x[0-9a-f]+\)/g)].map(([, name]) => name)
  return modules.find((name) => !name.startsWith('libtsan'))
}

/** Functions and lines for the addon's addresses; TSan would look up all of Node's, which takes it minutes. */
async function withLines(addon, report) {
  const addresses = [
    ...new Set([...report.matchAll(/dodici\.node\+(0x[0-9a-f]+)/g)].map(([, at]) => at)),
  ]
  const found = (await capture('addr2line', ['-Cfpe', addon, ...addresses])) ?? ''
  const lines = found.split('\n')
  return report.replaceAll(/<null> <null> \(dodici\.node\+(0x[0-9a-f]+)\)/g, (text, at) => {
    return lines[addresses.indexOf(at)] ?? text
  })
}
