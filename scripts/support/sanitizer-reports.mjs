// Reads the reports that sanitizers wrote to files in Node processes. They use files because nobody reads the output of
// some processes, and some faults are only found at their very end.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture } from './run.mjs'

/** Each file belongs to one process. */
export function reportsIn(folder) {
  return readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
}

/**
 * Selects TSan's reports in which the addon itself accesses memory. V8 and libuv are not instrumented: TSan sees their
 * mallocs but not how they pass memory between threads, and reports thousands of races.
 */
export async function racesOf(addon, texts) {
  const races = texts.flatMap((text) => text.split('==================')).filter(isOurs)
  return Promise.all(races.map((race) => withLines(addon, race)))
}

// The two accesses come first, with a blank line between them. Reuse of a closed descriptor's number is not a race.
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

/** Adds functions and lines for the addon's addresses; TSan would look up all of Node's too, which takes minutes. */
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
