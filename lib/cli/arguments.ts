import { parseArgs } from 'node:util'
import type { DownloadOptions } from '../bulk/download-options.ts'
import { parseUrl } from '../origins/origin-url.ts'
import { UsageError } from './usage.ts'

/** What is asked for on the command line. */
export type Command =
  | { readonly name: 'help' | 'version' }
  | ({ readonly name: 'get' } & GetArguments)

export interface GetArguments {
  /** without credentials */
  readonly sources: readonly Source[]
  readonly output: string | undefined
  readonly options: Pick<
    DownloadOptions,
    'concurrency' | 'rangeSize' | 'retries' | 'resume' | 'checksum'
  >
  readonly proxy: string
  readonly http2: boolean
  readonly json: boolean
  readonly quiet: boolean
}

/** One object to download. */
export interface Source {
  readonly url: URL
  readonly headers: readonly (readonly [name: string, value: string])[]
}

const flags = {
  output: { type: 'string', short: 'o' },
  concurrency: { type: 'string', short: 'j' },
  'range-size': { type: 'string' },
  retries: { type: 'string' },
  resume: { type: 'boolean', default: false },
  checksum: { type: 'string' },
  header: { type: 'string', short: 'H', multiple: true, default: [] as string[] },
  proxy: { type: 'string', default: 'env' },
  http2: { type: 'boolean', default: false },
  http3: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const

/** Reads the arguments behind the program's name. Throws a UsageError that says which one is wrong. */
export function readArguments(args: readonly string[]): Command {
  const { values, positionals } = parsed(args)
  if (values.help || values.version) {
    return { name: values.help ? 'help' : 'version' }
  }
  const [command, ...urls] = positionals
  if (command !== 'get') {
    throw new UsageError(
      command === undefined ? 'a command is missing' : `there is no command ${command}`,
    )
  }
  if (urls.length === 0) {
    throw new UsageError('a URL is missing')
  }
  if (values.http3) {
    throw new UsageError('--http3 is not supported yet')
  }
  const headers = values.header.map(headerOf)
  const { concurrency, retries, checksum, output } = values
  const rangeSize = values['range-size']
  checkTogether(urls, values)
  return {
    name: 'get',
    sources: urls.map((url) => sourceOf(url, headers)),
    output,
    options: {
      ...(concurrency !== undefined && { concurrency: numberOf(concurrency, '--concurrency') }),
      ...(rangeSize !== undefined && { rangeSize: bytesOf(rangeSize) }),
      ...(retries !== undefined && { retries: numberOf(retries, '--retries') }),
      ...(checksum !== undefined && { checksum: checksumOf(checksum) }),
      resume: values.resume,
    },
    proxy: values.proxy,
    http2: values.http2,
    json: values.json,
    quiet: values.quiet,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true })
  } catch (error) {
    // The first sentence: "Unknown option '--foo'."
    throw new UsageError((error as Error).message.split(/\. |\n/)[0])
  }
}

function checkTogether(
  urls: readonly string[],
  {
    output,
    checksum,
    json,
    resume,
  }: { output?: string; checksum?: string; json: boolean; resume: boolean },
): void {
  if (urls.length > 1 && output === '-') {
    throw new UsageError('-o - takes one URL')
  }
  if (urls.length > 1 && checksum?.includes(':')) {
    throw new UsageError('--checksum with a value takes one URL')
  }
  if (json && output === '-') {
    throw new UsageError('--json and -o - both write to stdout')
  }
  if (resume && output === '-') {
    throw new UsageError('--resume needs a file')
  }
  if (output === '') {
    throw new UsageError('-o must not be empty')
  }
}

// Credentials in the URL become a header, as in other programs: they are not part of what is printed.
function sourceOf(text: string, headers: Source['headers']): Source {
  const url = urlOf(text)
  const { username, password } = url
  if (username === '' && password === '') {
    return { url, headers }
  }
  url.username = ''
  url.password = ''
  if (headers.some(([name]) => name.toLowerCase() === 'authorization')) {
    return { url, headers }
  }
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const basic = `Basic ${Buffer.from(login).toString('base64')}`
  return { url, headers: [...headers, ['authorization', basic]] }
}

function urlOf(text: string): URL {
  try {
    return parseUrl(text)
  } catch {
    // It may have a password.
    throw new UsageError(`not a URL of http: or https:: ${text.replace(/\/\/[^/@]*@/, '//…@')}`)
  }
}

function headerOf(text: string): readonly [string, string] {
  const at = text.indexOf(':')
  if (at < 1) {
    throw new UsageError(`-H needs 'name: value'`)
  }
  return [text.slice(0, at), text.slice(at + 1).trim()]
}

function numberOf(text: string, flag: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new UsageError(`${flag} needs a number: ${text}`)
  }
  return Number(text)
}

function bytesOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? []
  if (digits === '') {
    throw new UsageError(`--range-size needs a number, or one with K, M or G: ${text}`)
  }
  return Number(digits) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase())
}

function checksumOf(text: string): NonNullable<DownloadOptions['checksum']> {
  const [algorithm = '', value, ...more] = text.split(':')
  const isKnown = algorithm === 'sha256' || algorithm === 'md5' || algorithm === 'crc32c'
  if (!isKnown || more.length > 0) {
    throw new UsageError(`--checksum needs sha256, md5 or crc32c, and may have a value: ${text}`)
  }
  return { algorithm, ...(value !== undefined && { value }) }
}
