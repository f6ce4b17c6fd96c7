import type { PendingRequest } from '../flight/pending-request.ts'
import { isStream, noBody, ownBody, streamBody, wholeBody } from '../request/request-body.ts'
import type { RequestDraft } from '../request/request-draft.ts'
import type { Upload } from '../upload/upload.ts'

/** A request whose body is not settled yet. */
export interface Unsettled {
  readonly request: PendingRequest
  readonly draft: RequestDraft
  readonly upload: Upload | null
  /** whether the source may be read now; undici reads it only when a connection is free for the request */
  readonly mayRead: () => boolean
  readonly onSettled: () => void
}

/**
 * Finds out before a request is sent what a streamed body will be, if possible: nothing, bytes at hand, or a stream of
 * known or unknown length.
 */
export class BodySettler {
  /** requests that wait for a microtask, in the order of their dispatch */
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

  /** A request without a streamed body only needs to be settled if it would overtake one that waits. */
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

  // The stream of `pipeline()`, for example, often ends right after its dispatch. Then its length is known once the
  // microtasks that are already queued have run.
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
      // The stream of `pipeline({ method: 'GET' })` may stay empty. Then the request must not announce a body.
      upload.peek((isEmpty) => {
        draft.body = isEmpty ? noBody : body
        onSettled()
      })
    } else if (mayRead()) {
      // Most bodies are small and at hand. Such a body is sent together with its request and needs no further messages.
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
