/** What programs do with a Readable. */
import type { Buffer } from 'node:buffer'
import { EventEmitter, once } from 'node:events'
import * as streams from 'node:stream'
import { finished, PassThrough, pipeline, Readable } from 'node:stream'
import * as consumers from 'node:stream/consumers'
import { finished as finishedLater } from 'node:stream/promises'
import { described, outcome, plain, watch, type Body } from '../row.ts'

const events = ['readable', 'data', 'end', 'close', 'error', 'pause', 'resume'] as const

/** Does it, and records the result. */
export type Use = (body: Body, log: unknown[]) => unknown

/** Each with its name. */
export const uses: [string, Use][] = [
  ['is looked at', () => {}],
  ['is listened to for data', (body, log) => watch(body, ['data', 'end', 'close', 'error'], log)],
  ['is listened to for all', (body, log) => watch(body, events, log)],
  [
    'is read when readable',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.on('readable', () => {
        for (let chunk; (chunk = body.read() as unknown) !== null;) log.push(plain(chunk))
      })
    },
  ],
  [
    'is read byte by byte',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.on('readable', () => {
        for (let chunk; (chunk = body.read(1) as unknown) !== null;) log.push(plain(chunk))
      })
    },
  ],
  [
    'is iterated',
    async (body, log) => {
      try {
        for await (const chunk of body) log.push(plain(chunk))
        log.push('end')
      } catch (error) {
        log.push(described(error))
      }
    },
  ],
  [
    'is iterated for a while',
    async (body, log) => {
      try {
        for await (const chunk of body) {
          log.push(plain(chunk))
          break
        }
        log.push('end')
      } catch (error) {
        log.push(described(error))
      }
    },
  ],
  [
    'is piped',
    (body, log) => {
      body.on('error', (error) => log.push(described(error)))
      const target = body.pipe(new PassThrough())
      target.on('data', (chunk) => log.push(plain(chunk)))
      target.on('end', () => log.push('end'))
    },
  ],
  [
    'is pipelined',
    (body, log) => {
      const target = new PassThrough()
      target.on('data', (chunk) => log.push(plain(chunk)))
      pipeline(body, target, (error) => log.push(['done', described(error)]))
    },
  ],
  [
    'is waited for',
    (body, log) => {
      finished(body, (error) => log.push(['finished', described(error)]))
      body.resume()
    },
  ],
  [
    'is waited for by a promise',
    (body, log) => {
      finishedLater(body).then(
        () => log.push('finished'),
        (error) => log.push(described(error)),
      )
      body.resume()
    },
  ],
  [
    'is waited for by once()',
    (body, log) => {
      once(body, 'end').then(
        (args) => log.push(args),
        (error) => log.push(described(error)),
      )
      body.resume()
    },
  ],
  [
    'is given to consumers.text()',
    (body, log) => outcome(() => consumers.text(body)).then((result) => log.push(result)),
  ],
  [
    'is given to consumers.buffer()',
    (body, log) => outcome(() => consumers.buffer(body)).then((result) => log.push(result)),
  ],
  [
    'is read by toArray()',
    (body, log) => outcome(() => body.map(String).toArray()).then((result) => log.push(result)),
  ],
  [
    'is given to Readable.from()',
    (body, log) =>
      outcome(() => consumers.text(Readable.from(body))).then((result) => log.push(result)),
  ],
  [
    'is wrapped',
    (body, log) => {
      body.on('error', () => {})
      const wrapped = new Readable().wrap(body)
      return outcome(() => consumers.text(wrapped)).then((result) => log.push(result))
    },
  ],
  [
    'is made a web stream',
    (body, log) =>
      outcome(() => new Response(Readable.toWeb(body) as never).text()).then((result) =>
        log.push(result),
      ),
  ],
  [
    'is the web stream that it has',
    (body, log) =>
      outcome(() => new Response(body.body as never).text()).then((result) => log.push(result)),
  ],
  [
    'is composed',
    (body, log) => {
      const { compose } = streams as unknown as { compose: (...all: unknown[]) => Readable }
      const all = compose(body, new PassThrough())
      return outcome(() => consumers.text(all)).then((result) => log.push(result))
    },
  ],
  [
    'is used through a Proxy',
    (body, log) => {
      const proxy = new Proxy(body, {})
      return outcome(() => proxy.text()).then((result) => log.push(result))
    },
  ],
  [
    'is iterated through a Proxy',
    async (body, log) => {
      const proxy = new Proxy(body, {})
      try {
        for await (const chunk of proxy) log.push(plain(chunk))
      } catch (error) {
        log.push(described(error))
      }
    },
  ],
  [
    'is used by methods of Readable.prototype',
    (body, log) => {
      Readable.prototype.on.call(body, 'error', (error: unknown) => log.push(described(error)))
      Readable.prototype.on.call(body, 'end', () => log.push('end'))
      Readable.prototype.resume.call(body)
    },
  ],
  [
    'is read by a method of Readable.prototype',
    (body, log) => log.push(plain(Readable.prototype.read.call(body))),
  ],
  [
    'is listened to by a method of EventEmitter.prototype',
    (body, log) => {
      for (const event of ['close', 'error', 'end']) {
        EventEmitter.prototype.on.call(body, event, () => log.push(event))
      }
    },
  ],
  [
    'is resumed',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.resume()
    },
  ],
  [
    'is paused and resumed',
    (body, log) => {
      watch(body, events, log)
      body.pause()
      body.resume()
    },
  ],
  [
    'is paused at each chunk',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.on('data', (chunk) => {
        log.push(plain(chunk))
        body.pause()
        setImmediate(() => body.resume())
      })
    },
  ],
  [
    'has an encoding',
    (body, log) => {
      body.setEncoding('hex')
      watch(body, ['data', 'end', 'error'], log)
    },
  ],
  [
    'is destroyed',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.destroy()
    },
  ],
  ['is destroyed without listeners', (body) => body.destroy()],
  [
    'is destroyed with an error',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.destroy(new Error('mine'))
    },
  ],
  [
    'is destroyed at its first chunk',
    (body, log) => {
      watch(body, ['end', 'close', 'error'], log)
      body.on('data', (chunk) => {
        log.push(plain(chunk))
        body.destroy()
      })
    },
  ],
  [
    'loses all its listeners',
    (body, log) => {
      watch(body, ['data', 'end'], log)
      body.on('error', () => log.push('error'))
      body.removeAllListeners()
      body.on('error', () => log.push('error of the other'))
    },
  ],
  [
    'has what was read put back',
    (body, log) => {
      body.on('error', () => log.push('error'))
      const chunk = body.read() as Buffer | null
      log.push(plain(chunk))
      if (chunk !== null) body.unshift(chunk)
      log.push(plain(body.read()))
    },
  ],
  [
    'is disposed of',
    (body, log) => outcome(() => body[Symbol.asyncDispose]()).then((result) => log.push(result)),
  ],
  [
    'has its iterator returned',
    async (body, log) => {
      body.on('error', (error) => log.push(described(error)))
      const iterator = body.iterator({ destroyOnReturn: false })
      log.push(plain((await iterator.next()).value))
      await iterator.return?.()
      log.push(body.destroyed)
    },
  ],
  [
    'is told to have so many listeners',
    (body, log) => {
      body.setMaxListeners(3)
      body.on('error', () => {})
      log.push(body.getMaxListeners(), body.eventNames().includes('error'))
    },
  ],
]
