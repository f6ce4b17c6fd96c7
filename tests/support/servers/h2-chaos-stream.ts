/** One stream of the server in h2-chaos.ts. The seed and the request's id decide what it does. */
import { bodyFor, note } from '../chaos-ledger.ts'
import type { Attempt, Ledger } from '../chaos-ledger.ts'
import type { Random } from '../random.ts'
import { FrameFlag, FrameType, H2Code, field } from './h2-frames.ts'
import type { H2Peer } from './h2-frames.ts'

const { endStream, endHeaders } = FrameFlag
const breakingCodes = [H2Code.cancel, H2Code.internalError, H2Code.noError]

/** What a stream needs from its connection. */
export interface StreamOwner {
  readonly peer: H2Peer
  readonly ledger: Ledger
  grant(stream: number, bytes: number): void
  onAnswered(attempt: Attempt): void
  /** The stream has ended for good. */
  onOver(stream: number): void
}

export class ChaosStream {
  readonly attempt: Attempt
  isAnswered = false
  readonly #owner: StreamOwner
  readonly #id: number
  readonly #stream: number
  readonly #random: Random
  /** What to do when the request is complete. */
  #atEnd: (() => void) | undefined
  #isRead: boolean
  #isOver = false
  /** Bytes that came while the window was withheld. */
  #withheld: number | undefined

  constructor(owner: StreamOwner, id: number, attempt: Attempt, random: Random, isRead: boolean) {
    this.#owner = owner
    this.#id = id
    this.#stream = attempt.stream
    this.attempt = attempt
    this.#random = random
    this.#isRead = isRead
  }

  begin(mayMisbehave: boolean): void {
    const draw = this.#random.below(100)
    if (!mayMisbehave) this.#answerAtEnd()
    else if (draw < 6) this.#reset(H2Code.refusedStream)
    else if (draw < 9) this.#reset(this.#random.pick(breakingCodes))
    else if (draw < 12) this.#breakWithin()
    else if (draw < 30 && !this.#isRead) this.#answerEarly()
    else if (draw < 36) this.#stall()
    else this.#answerAtEnd()
  }

  onData(bytes: number, isEnd: boolean): void {
    if (this.#withheld !== undefined) this.#withheld += bytes
    else if (bytes > 0 && !isEnd) this.#owner.grant(this.#stream, bytes)
    if (!isEnd) return
    this.#isRead = true
    this.#atEnd?.()
    this.#endIfDone()
  }

  /** The connection or the client has ended the stream. */
  leave(): void {
    this.#isOver = true
  }

  #answerAtEnd(): void {
    this.attempt.last = this.#isRead ? 'read' : 'reading'
    const answer = (): void => this.#answer(200)
    if (!this.#isRead) this.#atEnd = answer
    else if (this.#random.chance(0.2)) setTimeout(answer, this.#random.below(15))
    else answer()
  }

  /** Sends a full response before the request is complete; the rest may or may not be read. */
  #answerEarly(): void {
    const { ledger, peer } = this.#owner
    ledger.count('answered early')
    this.#answer(this.#random.pick([200, 201, 302, 404, 413, 503]))
    this.attempt.last += ' before the end of the upload'
    if (this.#random.chance(0.4)) {
      ledger.count('reset behind an early answer')
      this.attempt.last += ', then reset with 0'
      peer.reset(this.#stream, H2Code.noError)
      this.#end()
    } else if (this.#random.chance(0.3)) {
      this.attempt.last += ', which is not read for a while'
      this.#withhold(300)
    }
  }

  /** Neither reads nor answers for a while. */
  #stall(): void {
    this.#owner.ledger.count('stalled')
    this.attempt.last = 'stalled'
    this.#withhold(10 + this.#random.below(60), () => this.#answerAtEnd())
  }

  #withhold(ms: number, then?: () => void): void {
    this.#withheld = 0
    setTimeout(() => {
      if (this.#isOver) return
      if (this.#withheld) this.#owner.grant(this.#stream, this.#withheld)
      this.#withheld = undefined
      then?.()
    }, ms)
  }

  #answer(status: number): void {
    const { peer } = this.#owner
    if (this.#isOver || peer.socket.destroyed) return
    const draws = this.#random
    const body = Buffer.from(bodyFor(this.#id))
    for (let n = draws.chance(0.1) ? draws.below(8) : 0; n > 0; n -= 1) this.#inform()
    const length = draws.chance(0.5) ? [field('content-length', String(body.length))] : []
    const head = Buffer.concat([field(':status', String(status)), ...length])
    const parts = draws.pick([1, 1, 2, 5])
    peer.send(FrameType.headers, endHeaders, this.#stream, head)
    for (let n = 0; n < parts; n += 1) {
      const part = body.subarray((body.length * n) / parts, (body.length * (n + 1)) / parts)
      peer.send(FrameType.data, n === parts - 1 ? endStream : 0, this.#stream, part)
    }
    note(this.attempt, 'answered', `answered ${status}`)
    this.attempt.status = status
    this.isAnswered = true
    this.#owner.onAnswered(this.attempt)
    this.#endIfDone()
  }

  #inform(): void {
    this.#owner.ledger.count('1xx')
    const head = field(':status', this.#random.pick(['100', '102', '103']))
    this.#owner.peer.send(FrameType.headers, endHeaders, this.#stream, head)
  }

  #reset(code: number): void {
    this.#owner.ledger.count(`reset with ${code}`)
    this.#owner.peer.reset(this.#stream, code)
    const fate = code === H2Code.refusedStream ? 'refused' : 'broken'
    note(this.attempt, fate, `reset with ${code}`)
    this.#end()
  }

  #breakWithin(): void {
    const { peer } = this.#owner
    peer.send(FrameType.headers, endHeaders, this.#stream, field(':status', '200'))
    peer.data(this.#stream, bodyFor(this.#id).slice(0, 8))
    this.#reset(this.#random.pick(breakingCodes))
  }

  #endIfDone(): void {
    if (this.#isRead && this.isAnswered) this.#end()
  }

  #end(): void {
    this.leave()
    this.#owner.onOver(this.#stream)
  }
}
