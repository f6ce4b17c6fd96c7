import { request } from '../api/request.ts'
import { errors } from '../compat/undici.ts'
import {
  failureOf,
  refusal,
  waitForRetry,
  type Failure,
  type ItemLoader,
  type LoadTask,
} from './item-loader.ts'
import type { LoadedItem, LoadSettings } from './load-options.ts'
import type { LoadJob } from './load-source.ts'

/** Loads items by `request()`, over any dispatcher. */
export class RequestLoader implements ItemLoader {
  readonly #settings: LoadSettings<unknown>
  readonly #signal: AbortSignal

  constructor(settings: LoadSettings<unknown>, signal: AbortSignal) {
    this.#settings = settings
    this.#signal = signal
  }

  hasRoom(running: number): boolean {
    return running < this.#settings.concurrency
  }

  start(task: LoadTask): void {
    this.#load(task.job).then(
      (item) => task.onLoaded(item),
      (error: unknown) => task.onFailed(error),
    )
  }

  // All items are reported.
  want(): void {}

  async close(): Promise<void> {}

  async #load(job: LoadJob): Promise<LoadedItem> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(job).catch(failureOf)
      if (!('error' in outcome)) {
        return outcome
      }
      await waitForRetry(outcome, attempt, this.#settings, this.#signal)
    }
  }

  async #attempt({ url, index, headers: own }: LoadJob): Promise<LoadedItem | Failure> {
    const { dispatcher, maxBytes } = this.#settings
    const { statusCode, headers, body } = await request(url, {
      headers: own.flat(),
      signal: this.#signal,
      ...(dispatcher !== undefined && { dispatcher }),
    })
    if (statusCode < 200 || statusCode > 299) {
      await body.dump()
      return refusal(statusCode, headers)
    }
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) {
        throw new errors.ResponseExceededMaxSizeError()
      }
      chunks.push(chunk)
    }
    return {
      url,
      index,
      status: statusCode,
      headers,
      body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size),
    }
  }
}
