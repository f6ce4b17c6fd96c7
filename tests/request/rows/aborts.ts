/** Signals: when they abort, and what follows them. */
import { EventEmitter, getEventListeners } from 'node:events'
import { described, look, outcome, url, watch, type Played, type PlayedRow } from '../row.ts'
import { settled } from '../puppet.ts'

type Show = PlayedRow['play']

const row = (name: string, play: Show): PlayedRow => ({ group: 'a signal', name, play })

/** What a program may pass as a signal. */
interface Source {
  readonly signal: EventTarget | EventEmitter
  abort(): void
}

function ofController(reason?: unknown): Source {
  const controller = new AbortController()
  const args = reason === undefined ? [] : [reason]
  return { signal: controller.signal, abort: () => controller.abort(...args) }
}

class Target extends EventTarget {}

const sources: Record<string, () => Source> = {
  'an AbortSignal': ofController,
  'an AbortSignal with an error': () => ofController(new RangeError('why')),
  'an AbortSignal with a text': () => ofController('why'),
  'an AbortSignal with 0': () => ofController(0),
  'an EventEmitter': () => {
    const signal = new EventEmitter()
    return { signal, abort: () => signal.emit('abort') }
  },
  'an EventEmitter with a reason': () => {
    const signal = Object.assign(new EventEmitter(), { reason: new RangeError('why') })
    return { signal, abort: () => signal.emit('abort') }
  },
  'an EventTarget': () => {
    const signal = new Target()
    return { signal, abort: () => signal.dispatchEvent(new Event('abort')) }
  },
}

function listenersOf({ signal }: Source): number {
  return getEventListeners(signal, 'abort').length
}

type Phase = (stage: Played, source: Source) => Promise<unknown>

const phases: Record<string, Phase> = {
  'before the start': async ({ request, puppet }, source) => {
    puppet.startsAtOnce = false
    const result = outcome(() => request(url, { signal: source.signal, opaque: 1 }))
    source.abort()
    await settled()
    puppet.start()
    return { result: await Promise.race([result, settled()]), aborted: puppet.aborted }
  },
  'before the head': async ({ request, puppet }, source) => {
    const result = outcome(() => request(url, { signal: source.signal }))
    source.abort()
    return { result: await result, aborted: puppet.aborted, listeners: listenersOf(source) }
  },
  'before the body is touched': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.head()
    puppet.data('x')
    const { body } = await pending
    source.abort()
    const result = await outcome(() => body.text())
    return { result, aborted: puppet.aborted, body: look(body), listeners: listenersOf(source) }
  },
  'when the body has come, and nobody has read it': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.respond('x')
    const { body } = await pending
    await settled()
    const before = listenersOf(source)
    source.abort()
    await settled()
    return { before, result: await outcome(() => body.text()), listeners: listenersOf(source) }
  },
  'while text() waits': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.head()
    puppet.data('x')
    const { body } = await pending
    const result = outcome(() => body.text())
    await settled()
    source.abort()
    return { result: await result, aborted: puppet.aborted, body: look(body) }
  },
  'behind the call of text()': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.respond('x')
    const { body } = await pending
    const result = outcome(() => body.text())
    source.abort()
    return { result: await result, aborted: puppet.aborted }
  },
  'when text() is done': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.respond('x')
    const { body } = await pending
    const text = await body.text()
    await settled()
    const before = listenersOf(source)
    source.abort()
    await settled()
    return { text, before, aborted: puppet.aborted, body: look(body) }
  },
  'when dump() is done': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.respond('x')
    const { body } = await pending
    await body.dump()
    await settled()
    return { listeners: listenersOf(source) }
  },
  'while the body is read': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.head()
    const { body } = await pending
    const log: unknown[] = []
    watch(body, ['data', 'end', 'error', 'close'], log)
    puppet.data('x')
    await settled()
    source.abort()
    puppet.data('y')
    await settled()
    return { log, aborted: puppet.aborted, listeners: listenersOf(source) }
  },
  'while the body is iterated': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.head()
    const { body } = await pending
    const result = outcome(async () => {
      for await (const chunk of body) if (String(chunk) === 'x') source.abort()
    })
    puppet.data('x')
    return { result: await result, aborted: puppet.aborted }
  },
  'when the body was read': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.respond('x')
    const { body } = await pending
    body.resume()
    await settled()
    const before = listenersOf(source)
    source.abort()
    await settled()
    return { before, body: look(body) }
  },
  'when the request has failed': async ({ request, puppet }, source) => {
    const result = outcome(() => request(url, { signal: source.signal }))
    puppet.fail(new Error('lost'))
    const before = listenersOf(source)
    source.abort()
    return { before, result: await result }
  },
  'when the body has broken off': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.head()
    const { body } = await pending
    puppet.fail(new Error('lost'))
    await settled()
    const before = listenersOf(source)
    source.abort()
    return { before, result: await outcome(() => body.text()) }
  },
  'when the body was destroyed': async ({ request, puppet }, source) => {
    const pending = request(url, { signal: source.signal })
    puppet.head()
    const { body } = await pending
    body.destroy()
    await settled()
    return { listeners: listenersOf(source), errored: described(body.errored) }
  },
  'by a callback': async ({ request, puppet }, source) => {
    const calls: unknown[] = []
    request(url, { signal: source.signal, opaque: 3 }, (error, data) =>
      calls.push([described(error), data]),
    )
    source.abort()
    await settled()
    return { calls, aborted: puppet.aborted }
  },
}

export const abortRows: PlayedRow[] = [
  ...Object.entries(sources).flatMap(([source, make]) =>
    Object.entries(phases).map(([phase, play]) =>
      row(`${source}, ${phase}`, (stage) => play(stage, make())),
    ),
  ),
  row('of options that are refused is not listened to', async ({ request }) => {
    const source = ofController()
    const result = await outcome(() => request(url, { signal: source.signal, highWaterMark: -1 }))
    return { result, listeners: listenersOf(source) }
  }),
  row('whose other listeners stop the event', async ({ request, puppet }) => {
    const source = ofController()
    ;(source.signal as EventTarget).addEventListener('abort', (event) =>
      event.stopImmediatePropagation(),
    )
    const result = outcome(() => request(url, { signal: source.signal }))
    source.abort()
    return { result: await Promise.race([result, settled()]), aborted: puppet.aborted }
  }),
  row('aborts many at once', async ({ request, puppet }) => {
    const source = ofController(new Error('why'))
    const all = Array.from({ length: 20 }, () => {
      const result = outcome(() => request(url, { signal: source.signal }))
      return { result, handler: puppet.handler }
    })
    source.abort()
    return Promise.all(all.slice(-1).map(({ result }) => result))
  }),
  row('aborts again behind a further request', async ({ request, puppet }) => {
    const signal = new EventEmitter()
    const first = outcome(() => request(url, { signal }))
    signal.emit('abort')
    const second = request(url, { signal })
    puppet.handler?.onResponseStart(puppet, 200, {}, 'OK')
    const { body } = await second
    signal.emit('abort')
    return { first: await first, text: await outcome(() => body.text()) }
  }),
]
