import { Buffer } from 'node:buffer'
import type { ResponseHeaders } from '../compat/handler.ts'

/** null means that a tunnel's peer has ended its half */
export type HeldEvent =
  | Buffer
  | { readonly trailers: ResponseHeaders }
  | { readonly error: unknown }
  | null

/** Receives the events when they are delivered. */
export interface HeldEventReceiver {
  readonly paused: boolean
  readonly ended: boolean
  callData(chunk: Buffer): void
  callPeerEnd(): void
  onHeldEnd(trailers: ResponseHeaders): void
  onHeldFailure(error: unknown): void
}

/** The events that came while a handler had paused, in order. */
export class HeldEvents {
  readonly #events: HeldEvent[] = []

  add(event: HeldEvent): void {
    this.#events.push(event)
  }

  /** Delivers events until the handler pauses again or has had its terminal call. Returns true if none is left. */
  deliver(to: HeldEventReceiver): boolean {
    for (;;) {
      if (this.#events.length === 0) {
        return true
      }
      if (to.paused || to.ended) {
        return false
      }
      deliverOne(this.#events.shift() as HeldEvent, to)
    }
  }
}

function deliverOne(event: HeldEvent, to: HeldEventReceiver): void {
  if (Buffer.isBuffer(event)) {
    to.callData(event)
  } else if (event === null) {
    to.callPeerEnd()
  } else if ('error' in event) {
    to.onHeldFailure(event.error)
  } else {
    to.onHeldEnd(event.trailers)
  }
}
