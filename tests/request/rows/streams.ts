/** A body that is used as a Readable. */
import { Buffer } from 'node:buffer'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { inspect } from 'node:util'
import { look, outcome, plain, url, watch, type Body, type Played, type PlayedRow } from '../row.ts'
import { settled } from '../puppet.ts'
import { uses } from './uses.ts'

type Show = PlayedRow['play']

const row = (name: string, play: Show): PlayedRow => ({ group: 'the stream', name, play })

async function begun({ request, puppet }: Played, options = {}): Promise<Body> {
  const pending = request(url, options)
  puppet.head()
  return (await pending).body
}

async function whole(stage: Played, ...chunks: (string | Buffer)[]): Promise<Body> {
  const body = await begun(stage)
  stage.puppet.data(...chunks)
  stage.puppet.end()
  await settled()
  return body
}

/** When it is used: when it is complete, while it comes, or after it has broken off. */
const moments: Record<string, (stage: Played, use: (body: Body) => void) => Promise<Body>> = {
  'is complete': async (stage, use) => {
    const body = await whole(stage, 'ab', 'cd')
    use(body)
    return body
  },
  comes: async (stage, use) => {
    const body = await begun(stage)
    use(body)
    await settled()
    stage.puppet.data('ab')
    await settled()
    stage.puppet.data('cd', 'e')
    await settled()
    stage.puppet.end()
    return body
  },
  'breaks off': async (stage, use) => {
    const body = await begun(stage)
    stage.puppet.data('ab')
    use(body)
    await settled()
    stage.puppet.fail(new RangeError('lost'))
    return body
  },
  'is used in the tick of its head': async (stage, use) => {
    let body: Body | undefined
    stage.request(url, {}, (_error, data) => {
      ;({ body } = data)
      use(body)
    })
    stage.puppet.respond('abcd')
    await settled()
    return body as Body
  },
}

async function backPressure(stage: Played, pipes: boolean): Promise<unknown> {
  const body = await begun(stage, { highWaterMark: 4 })
  const written: string[] = []
  const waiting: (() => void)[] = []
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString())
      waiting.push(done)
    },
  })
  const states: unknown[] = []
  const done = pipes ? body.pipe(slow) : pipeline(body, slow)
  for (const text of ['ab', 'cd', 'ef', 'gh']) {
    stage.puppet.data(text)
    await settled()
    states.push([stage.puppet.paused, body.readableLength])
  }
  stage.puppet.end()
  for (let i = 0; i < 8; i += 1) {
    waiting.shift()?.()
    await settled()
    states.push([stage.puppet.paused, written.join('')])
  }
  await done
  return { states }
}

export const streamRows: PlayedRow[] = [
  ...uses.flatMap(([used, use]) =>
    Object.entries(moments).map(([moment, at]) =>
      row(`${used}; it ${moment}`, async (stage) => {
        const log: unknown[] = []
        const body = await at(stage, (given) => {
          void use(given, log)
        })
        await settled()
        await settled()
        body.on('error', () => {})
        return { log, aborted: stage.puppet.aborted, body: look(body) }
      }),
    ),
  ),
  row('back-pressure of pipe()', (stage) => backPressure(stage, true)),
  row('back-pressure of pipeline()', (stage) => backPressure(stage, false)),
  row('back-pressure of a paused reader', async (stage) => {
    const body = await begun(stage, { highWaterMark: 4 })
    body.pause()
    const states: unknown[] = []
    for (const text of ['ab', 'cd', 'ef']) {
      stage.puppet.data(text)
      await settled()
      states.push([stage.puppet.paused, body.readableLength])
    }
    body.resume()
    await settled()
    states.push([stage.puppet.paused, body.readableLength])
    return states
  }),
  row('back-pressure that begins before anybody reads', async (stage) => {
    const body = await begun(stage, { highWaterMark: 4 })
    stage.puppet.data('ab', 'cd', 'ef')
    await settled()
    const before = stage.puppet.paused
    const first = plain(body.read(5))
    const meanwhile = stage.puppet.paused
    const rest = plain(body.read())
    return { before, first, meanwhile, rest, after: stage.puppet.paused }
  }),
  row('it is the same web stream each time', async (stage) => {
    const body = await whole(stage, 'x')
    const stream = body.body as unknown as ReadableStream
    return { same: stream === (body.body as unknown), locked: stream.locked, used: body.bodyUsed }
  }),
  row('its web stream while text() waits', async (stage) => {
    const body = await begun(stage)
    const text = body.text()
    await settled()
    const { locked } = body.body as unknown as ReadableStream
    stage.puppet.data('x')
    stage.puppet.end()
    return { locked, text: await text }
  }),
  row('its web stream is locked by somebody', async (stage) => {
    const body = await whole(stage, 'x')
    ;(body.body as unknown as ReadableStream).getReader()
    return outcome(() => body.text())
  }),
  row('its web stream is there, and nobody reads it', async (stage) => {
    const body = await whole(stage, 'x')
    const stream = body.body as unknown as ReadableStream
    return { locked: stream.locked, result: await outcome(() => body.text()) }
  }),
  row('its web stream is cancelled', async (stage) => {
    const body = await begun(stage)
    const log: unknown[] = []
    watch(body, ['close', 'error'], log)
    const stream = body.body as unknown as ReadableStream
    const reader = stream.getReader()
    stage.puppet.data('x')
    const first = plain((await reader.read()).value)
    const result = await outcome(() => reader.cancel(new Error('why')))
    await settled()
    return { first, result, log, aborted: stage.puppet.aborted }
  }),
  row('nobody touches it when it breaks off', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('x')
    stage.puppet.fail(new RangeError('lost'))
    await settled()
    const log: unknown[] = []
    watch(body, ['data', 'end', 'close', 'error'], log)
    await settled()
    return { log, body: look(body) }
  }),
  row('whoever awaits it can hear its error', async (stage) => {
    const log: unknown[] = []
    const listening = async (): Promise<void> => {
      const { body } = await stage.request(url)
      watch(body, ['close', 'error'], log)
    }
    const pending = listening()
    stage.puppet.head()
    stage.puppet.fail(new RangeError('lost'))
    await pending
    await settled()
    return log
  }),
  row('whoever awaits it can hear its error behind its data', async (stage) => {
    const log: unknown[] = []
    const listening = async (): Promise<void> => {
      const { body } = await stage.request(url)
      watch(body, ['close', 'error'], log)
    }
    const pending = listening()
    stage.puppet.head()
    stage.puppet.data('x')
    await pending
    stage.puppet.fail(new Error('lost'))
    await settled()
    return log
  }),
  row('chunks behind its destruction', async (stage) => {
    const body = await begun(stage)
    const log: unknown[] = []
    watch(body, ['data', 'close', 'error'], log)
    body.destroy()
    stage.puppet.handler?.onResponseData(stage.puppet, Buffer.from('x'))
    stage.puppet.handler?.onResponseEnd(stage.puppet, {})
    await settled()
    return log
  }),
  row('push() of somebody else', async (stage) => {
    const body = await whole(stage, 'x')
    const pushed = body.push('y')
    return { pushed, text: await outcome(() => body.text()) }
  }),
  row('console.log() of it', async (stage) => {
    const body = await whole(stage, 'x')
    const [name = ''] = inspect(body).split(' ')
    return { name, deep: inspect({ a: { b: { c: { body } } } }), text: await body.text() }
  }),
  row('its data as an object', async (stage) => {
    const body = await whole(stage, 'x')
    const own = ['_readableState', '_events'].map((name) => name in body)
    return { own, tag: Object.prototype.toString.call(body) }
  }),
  row('Readable\u2019s own questions', async (stage) => {
    const body = await whole(stage, 'x')
    const disturbed = Readable.isDisturbed as unknown as (stream: unknown) => boolean
    const before = disturbed(body)
    body.resume()
    await settled()
    return { before, after: disturbed(body) }
  }),
]
