// Replaces lib/native/load.ts: a native client that records its calls, and answers when the test says so. In a test
// file: vi.mock('../../lib/native/load.ts', () => import('./support/fake-native.ts'))
import { Buffer } from 'node:buffer'
import {
  Param,
  paramCount,
  RequestFlag,
  type NativeBinding,
  type NativeClient,
  type NativeClientOptions,
  type NativeConnectionPlan,
  type OnBatch,
} from '../../../lib/native/contract.ts'
import { BatchEncoder } from './batch-encoder.ts'

/** One submit(), taken apart. */
export interface Submitted {
  readonly id: number
  readonly origin: string
  readonly method: string
  readonly target: string
  readonly servername: string
  readonly lines: readonly string[]
  readonly flags: readonly (keyof typeof RequestFlag)[]
  readonly headersTimeout: number
  readonly bodyTimeout: number
  /** undefined unless streamed with a known length */
  readonly streamLength: number | undefined
  readonly body: string | undefined
}

export class FakeClient implements NativeClient {
  onBatch: OnBatch = () => {}
  readonly params: Uint32Array = new Uint32Array(paramCount)
  readonly loopCount = 2
  readonly options: NativeClientOptions

  /** the test calls closeLoops() itself */
  holdsLoops = false

  readonly submitted: Submitted[] = []
  /** everything but submit(), in order */
  readonly calls: string[] = []
  flushes = 0
  /** streamed bodies by id */
  readonly written: Map<number, Buffer[]> = new Map()

  constructor(options: NativeClientOptions) {
    this.options = options
    clients.push(this)
  }

  giveSocket(id: number, link: number, isHttp2: boolean): number {
    this.calls.push(`giveSocket ${id} ${link} ${isHttp2}`)
    return -1
  }

  breakLink(link: number): void {
    this.calls.push(`breakLink ${link}`)
  }

  submit(text: string, body: Uint8Array | undefined): void {
    const params = this.params
    const flags = params[Param.flags] as number
    if (text.length !== params[Param.textLength] || !text.endsWith('\0')) {
      throw new Error('textLength is not the length of the text')
    }
    const [origin, method, target, servername, ...lines] = text.slice(0, -1).split('\0') as [
      string,
      string,
      string,
      string,
      ...string[],
    ]
    const names = Object.keys(RequestFlag) as (keyof typeof RequestFlag)[]
    this.submitted.push({
      id: params[Param.id] as number,
      origin,
      method,
      target,
      servername,
      // Without header lines the text ends after the servername.
      lines,
      flags: names.filter((name) => (flags & RequestFlag[name]) !== 0),
      headersTimeout: params[Param.headersTimeout] as number,
      bodyTimeout: params[Param.bodyTimeout] as number,
      streamLength:
        flags & RequestFlag.knownLength
          ? (params[Param.contentLengthLow] as number) +
            (params[Param.contentLengthHigh] as number) * 2 ** 32
          : undefined,
      body: body && Buffer.from(body).toString(),
    })
  }

  flush(): void {
    this.flushes++
  }

  writeBody(id: number, bytes: Uint8Array): void {
    const chunks = this.written.get(id) ?? []
    chunks.push(Buffer.from(bytes))
    this.written.set(id, chunks)
    this.calls.push(`writeBody ${id} ${bytes.byteLength}`)
  }

  endBody(id: number): void {
    this.calls.push(`endBody ${id}`)
  }

  pause(id: number): void {
    this.calls.push(`pause ${id}`)
  }

  resume(id: number): void {
    this.calls.push(`resume ${id}`)
  }

  cancel(id: number): void {
    this.calls.push(`cancel ${id}`)
  }

  connect(id: number, { addresses }: NativeConnectionPlan): void {
    this.calls.push(`connect ${id} ${addresses}`)
  }

  refuse(id: number): void {
    this.calls.push(`refuse ${id}`)
  }

  setTls(): void {
    this.calls.push('setTls')
  }

  setSocket(id: number, setting: number, value: number): void {
    this.calls.push(`setSocket ${id} ${setting} ${value}`)
  }

  setReferenced(): void {}

  want(): void {}

  destroy(): void {
    this.calls.push('destroy')
    if (!this.holdsLoops) {
      setImmediate(() => this.closeLoops())
    }
  }

  /** The body that was streamed for `id` so far. */
  bodyOf(id: number): string {
    return Buffer.concat(this.written.get(id) ?? []).toString()
  }

  /** Delivers the records that `write` encodes as one batch. */
  batch(write: (encoder: BatchEncoder) => unknown): void {
    const encoder = new BatchEncoder()
    write(encoder)
    encoder.deliverTo(this)
  }

  /** What follows destroy(). */
  closeLoops(): void {
    for (let i = 0; i < this.loopCount; i++) {
      this.batch((b) => b.loopClosed())
    }
  }
}

/** All that were made in this test file, in order. */
export const clients: FakeClient[] = []

/** The latest one. */
export function client(): FakeClient {
  const latest = clients.at(-1)
  if (latest === undefined) {
    throw new Error('no native client was made yet')
  }
  return latest
}

export const binding: NativeBinding = {
  dodici: 'fake',
  Client: FakeClient,
  startDownload: () => 0,
  cancelDownload: () => {},
  readDownload: () => undefined,
  setLoopThreads: (count) => count < 1000,
  version: () => 'fake',
}

export function loadBinding(): NativeBinding {
  return binding
}

export function bindingError(): undefined {}
