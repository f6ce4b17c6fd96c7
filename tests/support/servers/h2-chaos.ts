/**
 * An HTTP/2 server that at random, by its seed, does what servers do when they are reloaded, overloaded or broken. It
 * obeys the protocol: what it says about a request in a GOAWAY or a reset is true.
 */
import { note } from '../chaos-ledger.ts'
import type { Attempt, Ledger } from '../chaos-ledger.ts'
import { random } from '../random.ts'
import type { Random } from '../random.ts'
import { HpackReader } from './hpack.ts'
import { FrameFlag, FrameType, H2Code, settings, uint32 } from './h2-frames.ts'
import type { Frame, H2Peer } from './h2-frames.ts'
import { ChaosStream } from './h2-chaos-stream.ts'
import type { StreamOwner } from './h2-chaos-stream.ts'
import { WindowCheck } from './h2-window-check.ts'

const { endStream, ack } = FrameFlag
const kMaxStream = 0x7fffffff
const kUnlimited = 0xffffffff
const Setting = { maxConcurrentStreams: 3, initialWindowSize: 4 } as const
const errors = [H2Code.internalError, H2Code.enhanceYourCalm]
const kPingDeadlineMs = 8000

/** Which kinds of events it produces. */
export interface Ways {
  /** Resets, early answers. */
  readonly streams?: boolean
  /** Fewer streams, smaller windows, PINGs, pauses. */
  readonly limits?: boolean
  /** GOAWAY, FIN, RST. */
  readonly goodbyes?: boolean
}

export class ChaosConnection {
  readonly #peer: H2Peer
  readonly #index: number
  readonly #ledger: Ledger
  readonly #seed: number
  readonly #random: Random
  readonly #hpack = new HpackReader()
  readonly #streams = new Map<number, ChaosStream>()
  readonly #windows: WindowCheck
  /** SETTINGS that the client has not acknowledged yet. */
  readonly #settings: [id: number, value: number][][] = [[]]
  /** Unacknowledged PINGs, each with the responses before it, and a function for its acknowledgement. */
  readonly #pings: { answered: Attempt[]; onAck?: () => void }[] = []
  #unconfirmed: Attempt[] = []
  readonly #owner: StreamOwner
  readonly #ways: Ways
  #mostStreams = kUnlimited
  #highest = 0
  /** The last stream that a GOAWAY named. */
  #lastNamed: number | undefined
  #goawayCode: number = H2Code.noError
  #mayBegin = true
  #isEnding = false

  constructor(peer: H2Peer, index: number, ledger: Ledger, seed: number, ways: Ways) {
    this.#ways = ways
    this.#peer = peer
    this.#index = index
    this.#ledger = ledger
    this.#seed = seed
    this.#random = random(seed, 1, index)
    this.#windows = new WindowCheck((what) => ledger.violate(`connection ${index}: ${what}`))
    this.#owner = {
      peer,
      ledger,
      grant: (stream, bytes) => this.#grant(stream, bytes),
      onAnswered: (attempt) => this.#unconfirmed.push(attempt),
      onOver: (stream) => this.#drop(stream),
    }
    ledger.count('connections')
    peer.onFrame = (frame) => this.#onFrame(frame)
    peer.socket.on('end', () => ledger.tell(index, 'FIN of the client'))
    peer.socket.on('error', (error: Error) => ledger.tell(index, error.message))
    peer.socket.on('close', () => this.#onClose())
    this.#set([Setting.maxConcurrentStreams, this.#random.pick([1, 10, 100, 100])])
  }

  #onFrame(frame: Frame): void {
    switch (frame.type) {
      case FrameType.headers:
        this.#onHeaders(frame)
        break
      case FrameType.data:
        this.#onData(frame)
        break
      case FrameType.reset:
        this.#onReset(frame)
        break
      case FrameType.settings:
        if (frame.flags === ack) this.#onSettingsAck()
        break
      case FrameType.ping:
        if (frame.flags === ack) this.#onPingAck()
        else this.#peer.send(FrameType.ping, ack, 0, frame.payload)
        break
      default:
    }
  }

  #onHeaders({ flags, stream, payload }: Frame): void {
    // PADDED is not supported; PRIORITY takes five bytes.
    const fields = this.#hpack.read((flags & 0x20) === 0 ? payload : payload.subarray(5))
    const id = Number(fields.get(':path')?.split('/')[1])
    const method = fields.get(':method') ?? ''
    this.#highest = Math.max(this.#highest, stream)
    const isRefused = this.#lastNamed !== undefined && stream > this.#lastNamed
    const attempt = this.#ledger.arrive(id, method, this.#index, stream, isRefused)
    if (!this.#mayBegin) {
      this.#ledger.violate(`stream ${stream} began on connection ${this.#index} behind a GOAWAY`)
    }
    if (isRefused) {
      this.#refuse(attempt, 'came behind GOAWAY')
      return
    }
    if (this.#isEnding) {
      note(attempt, 'broken', 'came when the connection was closed')
      return
    }
    this.#checkLimit(stream)
    const draws = random(this.#seed, 2, id, this.#ledger.attemptsOf(id))
    const entry = new ChaosStream(this.#owner, id, attempt, draws, (flags & endStream) !== 0)
    this.#streams.set(stream, entry)
    this.#windows.open(stream)
    entry.begin(this.#ways.streams === true)
    this.#disturb()
  }

  #onData({ flags, stream, payload }: Frame): void {
    const initial = this.#mostOf(Setting.initialWindowSize, this.#windows.initial)
    this.#windows.receive(stream, payload.length, initial - this.#windows.initial)
    if (payload.length > 0) this.#grant(0, payload.length)
    this.#streams.get(stream)?.onData(payload.length, (flags & endStream) !== 0)
  }

  #onReset({ stream, payload }: Frame): void {
    const entry = this.#streams.get(stream)
    this.#drop(stream)
    // After an early response the rest of the request is not needed.
    if (!entry || entry.isAnswered || entry.attempt.fate !== 'open') return
    const code = payload.readUInt32BE(0)
    entry.attempt.last = `reset by the client with ${code} after: ${entry.attempt.last}`
  }

  #onSettingsAck(): void {
    for (const [id, value] of this.#settings.shift() ?? []) {
      if (id === Setting.maxConcurrentStreams) this.#mostStreams = value
      else this.#windows.setInitial(value)
    }
  }

  #onPingAck(): void {
    this.#ledger.count('PING acknowledged')
    this.#pings.shift()?.onAck?.()
  }

  #onClose(): void {
    this.#ledger.tell(this.#index, 'closed')
    for (const { attempt } of this.#streams.values()) {
      if (attempt.fate !== 'open') continue
      if (this.#isEnding) note(attempt, 'broken', 'connection closed')
      else attempt.last = `the client closed the connection after: ${attempt.last}`
    }
    this.#leaveAll()
    this.#isEnding = true
  }

  /** Streams that the client cannot know to be closed yet do not count, so the check is never too strict. */
  #checkLimit(stream: number): void {
    const open = this.#streams.size + 1
    const most = this.#mostOf(Setting.maxConcurrentStreams, this.#mostStreams)
    if (open > most) {
      this.#ledger.violate(
        `stream ${stream} of connection ${this.#index} is number ${open}; ${most} are allowed`,
      )
    }
  }

  /** A raised value may be used before it is acknowledged. */
  #mostOf(id: number, acknowledged: number): number {
    const values = this.#settings.flat().filter((pair) => pair[0] === id)
    return Math.max(acknowledged, ...values.map(([, value]) => value))
  }

  #drop(stream: number): void {
    this.#streams.get(stream)?.leave()
    this.#streams.delete(stream)
    this.#windows.close(stream)
    this.#endIfDone()
  }

  #grant(stream: number, bytes: number): void {
    this.#windows.grant(stream, bytes)
    this.#peer.send(FrameType.windowUpdate, 0, stream, uint32(bytes))
  }

  // ── the connection ───────────────────────────────────────────────────────

  /** Sometimes does something that affects all streams. */
  #disturb(): void {
    const draw = this.#random.below(1000)
    if (this.#ways.goodbyes) {
      if (draw < 10) this.#goaway(H2Code.noError)
      else if (draw < 16) this.#goawayTwice()
      else if (draw < 20) this.#goaway(this.#random.pick(errors))
      else if (draw < 23) this.#fin()
      else if (draw < 25) this.#rst()
    }
    if (this.#ways.limits) {
      if (draw >= 25 && draw < 45) this.#limitStreams()
      else if (draw >= 45 && draw < 65) this.#limitWindow()
      else if (draw >= 65 && draw < 70) this.#stopReading()
    }
    if (draw >= 70 && draw < 170) this.#ping()
  }

  #set(...pairs: [id: number, value: number][]): void {
    this.#settings.push(pairs)
    this.#peer.send(FrameType.settings, 0, 0, settings(...pairs))
  }

  #limitStreams(): void {
    this.#ledger.count('another limit of streams')
    const most = this.#random.pick([0, 1, 2, 10, 100])
    this.#ledger.tell(this.#index, `streams limited to ${most}`)
    this.#set([Setting.maxConcurrentStreams, most])
    if (most >= 10) return
    this.#later(30, () => {
      this.#ledger.tell(this.#index, 'streams limited to 100')
      this.#set([Setting.maxConcurrentStreams, 100])
    })
  }

  #limitWindow(): void {
    this.#ledger.count('another window', this.#index)
    const size = this.#random.pick([0, 1, 1000, 65_535, 1_000_000])
    this.#set([Setting.initialWindowSize, size])
    if (size < 65_535) this.#later(30, () => this.#set([Setting.initialWindowSize, 65_535]))
  }

  #ping(onAck?: () => void): void {
    this.#ledger.count('PING')
    const ping = { answered: this.#unconfirmed, ...(onAck && { onAck }) }
    this.#pings.push(ping)
    this.#unconfirmed = []
    this.#peer.send(FrameType.ping, 0, 0, Buffer.alloc(8, this.#pings.length))
    this.#later(kPingDeadlineMs, () => {
      if (this.#pings.includes(ping))
        this.#ledger.violate(`connection ${this.#index}: a PING without answer`)
    })
  }

  #stopReading(): void {
    this.#ledger.count('stopped reading', this.#index)
    this.#peer.socket.pause()
    setTimeout(() => this.#peer.socket.resume(), 40).unref()
  }

  /**
   * Like nginx and Go: the first GOAWAY allows all streams that may be on their way; once the client knows, the second
   * names the last accepted one.
   */
  #goawayTwice(): void {
    if (this.#lastNamed !== undefined) return
    this.#ledger.count('GOAWAY, twice', this.#index)
    this.#lastNamed = kMaxStream
    this.#peer.goaway(kMaxStream, H2Code.noError)
    const second = (): void => {
      this.#mayBegin = false
      this.#sendGoaway(this.#random.chance(0.5) ? this.#highest : this.#leastLast(), H2Code.noError)
    }
    if (this.#random.chance(0.5)) this.#ping(second)
    else
      this.#later(this.#random.below(20), () => this.#sendGoaway(this.#leastLast(), H2Code.noError))
  }

  #goaway(code: number): void {
    if (this.#lastNamed !== undefined) return
    const least = this.#leastLast()
    const last = this.#random.pick([least, this.#highest, Math.max(least, this.#highest - 20)])
    this.#ledger.count(`GOAWAY with ${code}${last === 0 ? ' of nothing' : ''}`, this.#index)
    this.#sendGoaway(last, code)
    if (code !== H2Code.noError && this.#random.chance(0.5)) this.#fin()
  }

  /** The highest stream that was processed, which means that its response has at least begun. */
  #leastLast(): number {
    for (let stream = this.#highest; stream > 0; stream -= 2) {
      const entry = this.#streams.get(stream)
      if (!entry || entry.isAnswered) return stream
    }
    return 0
  }

  #sendGoaway(last: number, code: number): void {
    if (this.#peer.socket.destroyed) return
    this.#lastNamed = last
    this.#goawayCode = code
    this.#ledger.tell(this.#index, `${last} is the last`)
    this.#peer.goaway(last, code)
    this.#ping(() => {
      this.#mayBegin = false
    })
    for (const [stream, { attempt }] of this.#streams) {
      if (stream <= last) {
        // An error ends the whole connection, for undici too: it no longer waits for responses. Earlier ones count.
        if (code !== H2Code.noError && attempt.fate !== 'answered') attempt.mayGiveUp = true
        continue
      }
      this.#refuse(attempt, `GOAWAY with ${code} names ${last}`)
      this.#drop(stream)
    }
    this.#endIfDone()
  }

  #refuse(attempt: Attempt, how: string): void {
    note(attempt, 'refused', how)
    attempt.mayGiveUp = this.#goawayCode !== H2Code.noError
  }

  /** Behind the last GOAWAY. */
  #endIfDone(): void {
    if (this.#lastNamed === undefined || this.#lastNamed === kMaxStream) return
    if (this.#streams.size > 0 || this.#isEnding) return
    this.#isEnding = true
    this.#ledger.end()
    this.#ledger.tell(this.#index, 'FIN in order')
    this.#peer.socket.end()
  }

  #fin(): void {
    this.#ledger.count('FIN', this.#index)
    this.#breakAll('FIN')
    this.#peer.socket.end()
  }

  #rst(): void {
    this.#ledger.count('RST', this.#index)
    // Bytes that the client has not read are lost with the connection.
    const unread = [...this.#unconfirmed, ...this.#pings.flatMap(({ answered }) => answered)]
    for (const attempt of unread) note(attempt, 'broken', `RST behind: ${attempt.last}`)
    this.#breakAll('RST')
    this.#peer.transport.resetAndDestroy()
  }

  #breakAll(how: string): void {
    this.#isEnding = true
    if (this.#lastNamed === undefined || this.#lastNamed === kMaxStream) this.#ledger.cut()
    for (const { attempt } of this.#streams.values()) {
      if (attempt.fate === 'open') note(attempt, 'broken', how)
      // The rest of the upload hits a closed socket, whose RST may destroy the response.
      else attempt.mayGiveUp = true
    }
    this.#leaveAll()
  }

  #leaveAll(): void {
    for (const entry of this.#streams.values()) entry.leave()
    this.#streams.clear()
  }

  #later(ms: number, act: () => void): void {
    setTimeout(() => {
      if (!this.#isEnding && !this.#peer.socket.destroyed) act()
    }, ms).unref()
  }
}
