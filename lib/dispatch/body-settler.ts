import type { PendingRequest } from '../flight/pending-request.ts'
import { isStream, noBody, ownBody, streamBody, wholeBody } from '../request/request-body.ts'
import type { RequestDraft } from '../request/request-draft.ts'
import type { Upload } from '../upload/upload.ts'

/** A request whose body is read while it is sent. */
export interface Unsettled {
  readonly request: PendingRequest
  readonly draft: RequestDraft
  readonly upload: Upload | null
  /** its source may be read at once: undici reads one only when a connection is free for its request */
  readonly mayRead: () => boolean
  readonly onSettled: () => void
}

/**
 * Finds out, as far as that can be known before a request is sent, what a streamed body will be: nothing, bytes that are
 * at hand, or a stream of known or unknown length.
 */
export class BodySettler {
  /** requests that wait for the end of this tick, in the order of their dispatch */
  #waiting: Unsettled[] | undefined
  /** uploads that have been gathering since the last turn of the event loop */
  #gathering: Upload[] = []
  readonly #endGathering = (): void => {
    const uploads = this.#gathering
    this.#gathering = []
    for (const upload of uploads) {
      upload.gathered()
    }
  }

  /** A request without a streamed body need not be settled, unless it would overtake one that waits. */
  needsToSettle({ body }: RequestDraft): boolean {
    return body.kind === 'stream' || this.#waiting !== undefined
  }

  settle(unsettled: Unsettled): void {
    const { body, bodyLength } = unsettled.draft
    const mayLearnLength = body.kind === 'stream' && isStream(body.source) && bodyLength < 0
    if (mayLearnLength || this.#waiting !== undefined) {
      this.#wait(unsettled)
    } else {
      this.#read(unsettled)
    }
  }

  // A stream that ends right behind its dispatch, as that of `pipeline()` often does, has a known length then: it is
  // looked at after the microtasks that wait already.
  #wait(unsettled: Unsettled): void {
    if (this.#waiting === undefined) {
      this.#waiting = []
      queueMicrotask(() => this.#endWaiting())
    }
    unsettled.draft.body = ownBody(unsettled.draft.body)
    this.#waiting.push(unsettled)
  }

  #endWaiting(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const unsettled of waiting) {
      if (!unsettled.request.ended) {
        learnLength(unsettled)
        this.#read(unsettled)
      }
    }
  }

  #read({ draft, upload, mayRead, onSettled }: Unsettled): void {
    const { body } = draft
    if (body.kind !== 'stream' || upload === null) {
      onSettled()
    } else if ((!draft.method.expectsBody && draft.bodyLength < 0) || upload.mayTurnOutEmpty) {
      // `pipeline({ method: 'GET' })` may have a stream that stays empty: then no body may be announced.
      upload.peek((isEmpty) => {
        draft.body = isEmpty ? noBody : body
        onSettled()
      })
    } else if (mayRead()) {
      // Most bodies are small and at hand: one that goes in one piece with its request costs no further messages.
      upload.gather((whole) => {
        draft.body = whole === undefined ? body : wholeBody(body, whole)
        onSettled()
      })
      this.#endGatheringLater(upload)
    } else {
      onSettled()
    }
  }

  #endGatheringLater(upload: Upload): void {
    if (this.#gathering.push(upload) === 1) {
      setImmediate(this.#endGathering)
    }
  }
}

function learnLength({ draft, upload }: Unsettled): void {
  const { body } = draft
  if (body.kind === 'stream' && isStream(body.source) && draft.bodyLength < 0) {
    draft.body = streamBody(body.source)
    upload?.learnLength(draft.bodyLength)
  }
}
