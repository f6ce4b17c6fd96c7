import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Absolute path of a file of the checkout. */
export const inRoot = (file: string): string => join(root, file)

export const read = (file: string): string => readFileSync(inRoot(file), 'utf8')

/** All files that are or would be committed, as paths from the root. */
export function projectFiles(pattern: RegExp): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n')
  return [...new Set(listed)].filter(
    (file) => pattern.test(file) && statSync(inRoot(file), { throwIfNoEntry: false })?.isFile(),
  )
}

export const output = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })

/** A finding for each match, as `file:line: text`, so that a failing test reads like a compiler. */
export function findings(
  files: readonly string[],
  pattern: RegExp,
  strip = (text: string) => text,
): string[] {
  return files.flatMap((file) =>
    strip(read(file))
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
      ),
  )
}

/** C++ or TypeScript without comments; line breaks stay, so line numbers do too. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, (comment) =>
    comment.replaceAll(/[^\n]/g, ' '),
  )
}

/**
 * The folders of lib/, each of which imports only from itself and from those after it: the path of a request, from the
 * API down to what all folders use.
 */
export const libFolders: readonly string[] = [
  'cli',
  'bulk',
  'fetch',
  'api',
  'answer',
  'dispatch',
  'tunnel',
  'upload',
  'flight',
  'connector',
  'response',
  'diagnostics',
  'options',
  'request',
  'origins',
  'errors',
  'native',
  'compat',
]
