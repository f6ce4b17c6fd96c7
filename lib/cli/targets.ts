import { mkdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Source } from './arguments.ts'
import { UsageError } from './usage.ts'

/** Where an object goes. */
export interface Target extends Source {
  /** undefined for stdout */
  readonly path: string | undefined
  /** for people */
  readonly label: string
}

/** File systems have 255; the temporary name adds some. */
const kMostBytes = 200

/**
 * Says where each object goes, and makes the folder that several go to. Throws a UsageError if two would go into one
 * file, and Node's error if the folder cannot be made.
 */
export function targetsOf(sources: readonly Source[], output: string | undefined): Target[] {
  if (output === '-') {
    return sources.map((source) => ({ ...source, path: undefined, label: 'stdout' }))
  }
  if (output !== undefined && sources.length === 1 && !isFolder(output)) {
    return sources.map((source) => ({ ...source, path: output, label: basename(output) }))
  }
  const names = sources.map(({ url }) => fileName(url))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new UsageError(`two URLs have the file name ${twice}`)
  }
  if (output !== undefined) {
    mkdirSync(output, { recursive: true })
  }
  return sources.map((source, index) => {
    const label = names[index] as string
    return { ...source, path: output === undefined ? label : join(output, label), label }
  })
}

/** The URL's last part as the name of a file, which cannot lead out of its folder. */
export function fileName({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1)
  // Also what is invisible, or would change the order of the letters around it.
  const name = decoded(last)
    .replaceAll(/[/\\\p{Cc}\p{Cf}\p{Cs}]/gu, '_')
    .trim()
  return /^\.{0,2}$/.test(name) ? 'download' : shortened(name)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function shortened(name: string): string {
  let short = ''
  for (const letter of name) {
    if (Buffer.byteLength(short + letter) > kMostBytes) {
      break
    }
    short += letter
  }
  return short
}

function isFolder(path: string): boolean {
  return path.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
