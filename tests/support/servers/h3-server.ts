/**
 * HTTP/3 as a test commands it: the program of tests/support/h3-server, one process for each server. Its answers are
 * bytes that a script sends, and what its clients do comes as events.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { addonFile } from '../curl.ts'
import { within } from '../wait.ts'
import { programFolder } from './program.ts'
import { H3FrameType, h3Data, h3Field, h3Frame, h3Headers, h3Number } from './h3-frames.ts'

const program = join(dirname(addonFile), 'tests/support/h3-server/h3_server')

/** Why there is no such server here; undefined if there is one. */
export const whyNoH3Server: string | undefined = existsSync(program)
  ? undefined
  : `the addon's build has no h3_server: a build without tests, or without the bundled HTTP/3`

export interface H3Event {
  readonly event:
    | 'listening'
    | 'connection'
    | 'handshake'
    | 'moved'
    | 'head'
    | 'body'
    | 'end'
    | 'reset'
    | 'stop'
    | 'over'
    | 'closed'
    | 'versions'
    | 'retry'
    | 'refused'
    | 'error'
  readonly connection?: number
  readonly stream?: number
  readonly port?: number
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly length?: number
  /** A short piece of body, as latin1. */
  readonly text?: string
  readonly code?: number
  readonly by?: 'client' | 'server' | 'silence'
  readonly kind?: 'application' | 'transport'
  readonly reason?: string
  readonly retried?: number
  readonly message?: string
}

/** Options of the program, see tests/support/h3-server/options.h. */
export type H3ServerOptions = Readonly<Record<string, string | number>>

/** One connection. Its methods send at once, or together with others inside `together`. */
export class H3Peer {
  readonly number: number
  readonly events: H3Event[] = []
  readonly #write: (line: string) => void
  #wake = Promise.withResolvers<void>()
  #gathered: string[] | undefined

  constructor(number: number, write: (line: string) => void) {
    this.number = number
    this.#write = write
  }

  /** True once one of both has closed it, or it has died of silence. */
  get isClosed(): boolean {
    return this.events.some(({ event }) => event === 'closed')
  }

  /** The requests so far, in order of arrival. */
  get requests(): H3Event[] {
    return this.events.filter(
      ({ event, headers }) => event === 'head' && headers?.some(([name]) => name === ':method'),
    )
  }

  on(event: H3Event): void {
    this.events.push(event)
    const { resolve } = this.#wake
    this.#wake = Promise.withResolvers()
    resolve()
  }

  /** All that `commands` sends goes out before the server does anything else. */
  together(commands: () => void): void {
    if (this.#gathered) {
      commands()
      return
    }
    this.#gathered = []
    commands()
    const lines = this.#gathered
    this.#gathered = undefined
    this.#write(lines.join(';'))
  }

  send(stream: number, bytes: Buffer): void {
    if (bytes.length > 0) this.#do('send', stream, bytes.toString('hex'))
  }

  /** Sends a head with status 200 and `fields`. */
  respond(stream: number, ...fields: Buffer[]): void {
    this.send(stream, h3Headers(h3Field(':status', '200'), ...fields))
  }

  data(stream: number, body: string | Buffer): void {
    this.send(stream, h3Data(body))
  }

  /** A frame of `count` bytes `x`. */
  fill(stream: number, count: number): void {
    this.together(() => {
      this.send(stream, Buffer.concat([h3Number(H3FrameType.data), h3Number(count)]))
      this.#do('fill', stream, count)
    })
  }

  end(stream: number): void {
    this.#do('end', stream)
  }

  /** A whole response. */
  answer(stream: number, text: string, ...fields: Buffer[]): void {
    this.together(() => {
      this.respond(stream, ...fields)
      this.data(stream, text)
      this.end(stream)
    })
  }

  reset(stream: number, code: number): void {
    this.#do('reset', stream, code)
  }

  stopSending(stream: number, code: number): void {
    this.#do('stop', stream, code)
  }

  hold(stream: number): void {
    this.#do('hold', stream)
  }

  release(stream: number): void {
    this.#do('release', stream)
  }

  control(bytes: Buffer): void {
    this.#do('control', bytes.toString('hex'))
  }

  /** `id` is the first stream that it has not processed and will not. */
  goaway(id: number): void {
    this.control(h3Frame(H3FrameType.goaway, h3Number(id)))
  }

  openStream(bytes: Buffer): void {
    this.#do('open', bytes.toString('hex'))
  }

  allowStreams(count: number): void {
    this.#do('max-streams', count)
  }

  /** CONNECTION_CLOSE behind what is to be sent. */
  close(code: number, kind: 'application' | 'transport' = 'application', reason = ''): void {
    this.#do('close', kind, code, Buffer.from(reason).toString('hex'))
  }

  /** It is silent from now on. */
  drop(): void {
    this.#do('drop')
  }

  /** A stateless reset. */
  forget(): void {
    this.#do('reset-connection')
  }

  /** The stream of request number `index`. */
  async request(index = 0): Promise<number> {
    const what = `request number ${index} of connection ${this.number}`
    for (;;) {
      const stream = this.requests[index]?.stream
      if (stream !== undefined) return stream
      await within(what, this.#wake.promise)
    }
  }

  /** Event number `index` of those that `wanted` accepts. */
  async event(what: string, wanted: (event: H3Event) => boolean, index = 0): Promise<H3Event> {
    for (;;) {
      const event = this.events.filter(wanted)[index]
      if (event) return event
      await within(what, this.#wake.promise)
    }
  }

  #do(name: string, ...words: (string | number)[]): void {
    const line = [name, this.number, ...words].join(' ')
    if (this.#gathered) this.#gathered.push(line)
    else this.#write(line)
  }
}

export interface H3Server {
  readonly origin: string
  readonly port: number
  /** The connections so far. */
  readonly peers: readonly H3Peer[]
  /** Events that belong to no connection. */
  readonly events: readonly H3Event[]
  /** Requests of all connections. */
  readonly requests: readonly H3Event[]
  /** Sets an option for connections that come later. */
  set(name: string, value: string | number): void
  close(): Promise<void>
}

/** Each connection runs `script`, whose failure fails `close`; its index counts from 0. */
export async function startH3Server(
  script: (peer: H3Peer, index: number) => Promise<void> = () => Promise.resolve(),
  options: H3ServerOptions = {},
): Promise<H3Server> {
  if (whyNoH3Server !== undefined) throw new Error(whyNoH3Server)
  const { child, dir } = startProcess(options)
  const write = (line: string): void => void child.stdin.write(`${line}\n`)
  const peers: H3Peer[] = []
  const events: H3Event[] = []
  const failures: unknown[] = []
  const listening = Promise.withResolvers<number>()
  const onEvent = (event: H3Event): void => {
    if (event.event === 'listening') listening.resolve(event.port ?? 0)
    if (event.event === 'error') failures.push(new Error(`h3_server: ${event.message}`))
    if (event.event === 'connection') {
      const peer = new H3Peer(event.connection ?? 0, write)
      peers.push(peer)
      script(peer, peers.length - 1).catch((error: unknown) => failures.push(error))
    }
    const peer = peers[event.connection ?? -1]
    if (peer) peer.on(event)
    else events.push(event)
  }
  createInterface(child.stdout).on('line', (line) => onEvent(JSON.parse(line) as H3Event))
  const exited = once(child, 'close')
  const port = await within('h3_server to listen', listening.promise)
  return {
    origin: `https://localhost:${port}`,
    port,
    peers,
    events,
    get requests(): H3Event[] {
      return peers.flatMap(({ requests }) => requests)
    },
    set: (name, value) => write(`set ${name} ${value}`),
    close: async () => {
      child.stdin.end()
      const [code] = await within('h3_server to end', exited)
      rmSync(dir, { recursive: true, force: true })
      if (code !== 0) failures.unshift(new Error(`h3_server ended with ${String(code)}`))
      if (failures.length > 0) throw failures[0]
    },
  }
}

/** It ends with its stdin, and so with this process. */
function startProcess(options: H3ServerOptions): {
  child: ChildProcessWithoutNullStreams
  dir: string
} {
  const dir = programFolder('h3')
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
  const all: H3ServerOptions = { ...files, ...options }
  const words = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(program, words)
  child.stderr.pipe(process.stderr)
  child.stdin.on('error', () => {})
  return { child, dir }
}
