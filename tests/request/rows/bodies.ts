/** A body that is read as a whole. */
import { Buffer } from 'node:buffer'
import {
  begun,
  look,
  outcome,
  plain,
  shapes,
  url,
  watch,
  whole,
  type Body,
  type Played,
  type PlayedRow,
  type Shape,
} from '../row.ts'
import { settled } from '../puppet.ts'

type Show = PlayedRow['play']

const row = (name: string, play: Show, more: { ours?: unknown } = {}): PlayedRow => ({
  group: 'the whole body',
  name,
  play,
  ...more,
})

async function read(body: Body, shape: Shape): Promise<unknown> {
  const value: unknown = await body[shape]()
  return value instanceof Blob ? [value.type, value.size, await value.text()] : plain(value)
}

const mark = Buffer.from([0xef, 0xbb, 0xbf])
const contents: [string, (string | Buffer)[]][] = [
  ['nothing', []],
  ['one piece', ['{"a":"\u00e4\u20ac"}']],
  ['pieces', ['[1', ',2', ']']],
  ['pieces that part a character', [Buffer.from([0x22, 0xe2, 0x82]), Buffer.from([0xac, 0x22])]],
  ['a byte order mark', [mark, '[]']],
  ['a byte order mark within a piece', [Buffer.concat([mark, Buffer.from('"x"')])]],
  ['a byte order mark alone', [mark]],
  ['two byte order marks', [Buffer.concat([mark, mark, Buffer.from('1')])]],
  ['bytes that are no UTF-8', [Buffer.from([0x22, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0x22])]],
  ['bytes that end within a character', [Buffer.from([0x31, 0xe2, 0x82])]],
  ['more than 2 KB', [JSON.stringify('\u00e4'.repeat(3000)), '  ']],
  ['more than 2 KB, with a mark', [Buffer.concat([mark, Buffer.from(`"${'x'.repeat(3000)}"`)])]],
  ['more than 2 KB of what is no UTF-8', [Buffer.alloc(3000, 0xe2)]],
  ['no JSON', ['{"a":']],
]

/** How much of the response has come when the body is read. */
const moments = {
  'that has come': async ({ puppet }: Played, chunks: (string | Buffer)[], ask: () => void) => {
    puppet.data(...chunks)
    puppet.end()
    ask()
  },
  'that comes later': async ({ puppet }: Played, chunks: (string | Buffer)[], ask: () => void) => {
    ask()
    await settled()
    puppet.data(...chunks)
    await settled()
    puppet.end()
  },
  'of which some has come': async (
    { puppet }: Played,
    chunks: (string | Buffer)[],
    ask: () => void,
  ) => {
    puppet.data(...chunks.slice(0, 1))
    await settled()
    ask()
    puppet.data(...chunks.slice(1))
    puppet.end()
  },
}

async function readAt(
  stage: Played,
  moment: keyof typeof moments,
  chunks: (string | Buffer)[],
  shape: Shape,
): Promise<unknown> {
  const pending = stage.request(url)
  stage.puppet.head(200, { 'content-type': 'text/mine; charset=x' })
  const { body } = await pending
  const used = [body.bodyUsed]
  let came: Promise<unknown> | undefined
  await moments[moment](stage, chunks, () => {
    came = outcome(() => read(body, shape))
    used.push(body.bodyUsed)
  })
  const result = await came
  await settled()
  used.push(body.bodyUsed)
  return { result, used, body: look(body) }
}

export const bodyRows: PlayedRow[] = [
  ...shapes.flatMap((shape) =>
    contents.map(([name, chunks]) =>
      row(`${shape}() of ${name}`, (stage) => readAt(stage, 'that has come', chunks, shape)),
    ),
  ),
  ...shapes.flatMap((shape) =>
    (['that comes later', 'of which some has come'] as const).map((moment) =>
      row(`${shape}() of one ${moment}`, (stage) => readAt(stage, moment, ['[1', ',2]'], shape)),
    ),
  ),
  row('json() of what is no JSON and comes later', (stage) =>
    readAt(stage, 'that comes later', ['{', 'x'], 'json'),
  ),
  row('blob() of one without a type', async (stage) => read(await whole(stage, 'x'), 'blob')),
  row('formData()', async (stage) => {
    const body = await whole(stage, 'a=1')
    const result = await outcome(() => body.formData())
    return { result, text: await body.text() }
  }),
  row('text() is asked for again while it waits', async (stage) => {
    const body = await begun(stage)
    const first = outcome(() => body.text())
    await settled()
    const second = await outcome(() => body.text())
    stage.puppet.data('x')
    stage.puppet.end()
    return [await first, second]
  }),
  row(
    'text() twice in one go',
    async (stage) => {
      const body = await whole(stage, 'hello')
      const asked = [outcome(() => body.text()), outcome(() => body.text())]
      await settled()
      return Promise.all(asked.map((each) => Promise.race([each, Promise.resolve('nothing')])))
    },
    {
      ours: [
        { value: 'hello' },
        {
          rejected: {
            class: 'TypeError',
            name: 'TypeError',
            message: 'unusable',
          },
        },
      ],
    },
  ),
  row('a listener for data behind the call of text()', async (stage) => {
    const body = await whole(stage, 'hello')
    const text = body.text()
    const log: unknown[] = []
    watch(body, ['data', 'end', 'close'], log)
    const all = await text
    await settled()
    return { text: all, log }
  }),
  row('a listener for data while text() waits', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('a')
    const text = body.text()
    await settled()
    const log: unknown[] = []
    watch(body, ['data', 'end', 'close'], log)
    stage.puppet.data('b')
    await settled()
    stage.puppet.end()
    await settled()
    return { text: await text, log, body: look(body) }
  }),
  row('a listener for data that leaves while text() waits', async (stage) => {
    const body = await begun(stage)
    const text = body.text()
    await settled()
    const log: string[] = []
    const listener = (chunk: Buffer): unknown => log.push(chunk.toString())
    body.on('data', listener)
    stage.puppet.data('b')
    await settled()
    body.off('data', listener)
    stage.puppet.data('c')
    stage.puppet.end()
    return { text: await text, log }
  }),
  row('a look at it while text() waits', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('a')
    const text = body.text()
    await settled()
    const seen = look(body)
    stage.puppet.data('b')
    stage.puppet.end()
    const all = await text
    await settled()
    return { text: all, seen, after: look(body) }
  }),
  row('a listener for the end before text()', async (stage) => {
    const body = await whole(stage, 'hello')
    const log: unknown[] = []
    watch(body, ['end', 'close'], log)
    const text = await body.text()
    await settled()
    return { text, log, body: look(body) }
  }),
  row('text() behind what was read', async (stage) => {
    const body = await whole(stage, 'hello')
    await settled()
    const first = plain(body.read(2))
    return { first, text: await outcome(() => body.text()) }
  }),
  row('text() behind read(0)', async (stage) => {
    const body = await whole(stage, 'hello')
    body.read(0)
    return body.text()
  }),
  row('text() behind resume()', async (stage) => {
    const body = await whole(stage, 'hello')
    body.resume()
    return outcome(() => body.text())
  }),
  row('text() of one that was read to its end', async (stage) => {
    const body = await whole(stage, 'hello')
    body.resume()
    await settled()
    return outcome(() => body.text())
  }),
  row('text() behind a pause', async (stage) => {
    const body = await begun(stage)
    body.pause()
    stage.puppet.data('hello')
    stage.puppet.end()
    return body.text()
  }),
  row('text() behind destroy()', async (stage) => {
    const body = await whole(stage, 'hello')
    body.destroy()
    return outcome(() => body.text())
  }),
  row('text() behind destroy() with an error', async (stage) => {
    const body = await begun(stage)
    body.destroy(new Error('mine'))
    const atOnce = await outcome(() => body.text())
    await settled()
    return { atOnce, later: await outcome(() => body.text()), aborted: stage.puppet.aborted }
  }),
  row('destroy() behind the call of text()', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('x')
    const text = outcome(() => body.text())
    body.destroy()
    return { text: await text, aborted: stage.puppet.aborted }
  }),
  row('destroy() while text() waits', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('x')
    const text = outcome(() => body.text())
    await settled()
    body.destroy()
    return { text: await text, aborted: stage.puppet.aborted, reason: stage.puppet.reason }
  }),
  row('destroy() with an error while text() waits', async (stage) => {
    const body = await begun(stage)
    const text = outcome(() => body.text())
    await settled()
    body.destroy(new RangeError('mine'))
    return { text: await text, aborted: stage.puppet.aborted }
  }),
  row('an error while text() waits', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('x')
    const text = outcome(() => body.text())
    await settled()
    stage.puppet.fail(new RangeError('lost'))
    const result = await text
    await settled()
    return { result, again: await outcome(() => body.text()), body: look(body) }
  }),
  row('an error behind the call of text()', async (stage) => {
    const body = await begun(stage)
    const text = outcome(() => body.text())
    stage.puppet.fail(new RangeError('lost'))
    return text
  }),
  row('an error before text()', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data('x')
    stage.puppet.fail(new RangeError('lost'))
    const atOnce = await outcome(() => body.text())
    await settled()
    return { atOnce, later: await outcome(() => body.text()), body: look(body) }
  }),
  row('an error before everything', async (stage) => {
    const body = await begun(stage)
    stage.puppet.fail(new RangeError('lost'))
    await settled()
    const results: unknown[] = []
    for (const shape of shapes) results.push(await outcome(() => body[shape]()))
    return { results, dump: await outcome(() => body.dump()), body: look(body) }
  }),
  row('an error behind the end', async (stage) => {
    const body = await whole(stage, 'hello')
    stage.puppet.handler?.onResponseError(stage.puppet, new Error('late'))
    return { text: await outcome(() => body.text()) }
  }),
  row('an error behind text()', async (stage) => {
    const body = await whole(stage, 'hello')
    const text = await body.text()
    stage.puppet.handler?.onResponseError(stage.puppet, new Error('late'))
    await settled()
    return { text, body: look(body) }
  }),
  row('text() with an encoding', async (stage) => {
    const body = await whole(stage, Buffer.from([0xe4, 0xfc]), '\u20ac')
    body.setEncoding('latin1')
    return body.text()
  }),
  row('text() with an encoding of bytes', async (stage) => {
    const body = await whole(stage, 'h', 'ello')
    body.setEncoding('hex')
    return body.text()
  }),
  row('text() with an encoding that came amid a character', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data(Buffer.from([0x61, 0xe2, 0x82]))
    body.setEncoding('utf8')
    const text = body.text()
    await settled()
    stage.puppet.data(Buffer.from([0xac, 0x62]))
    stage.puppet.end()
    return text
  }),
  row('bytes() with an encoding', async (stage) => {
    const body = await whole(stage, '\u00e4', 'b')
    body.setEncoding('utf8')
    return plain(await body.bytes())
  }),
  row('an encoding that there is not', async (stage) => {
    const body = await whole(stage, 'a')
    body.setEncoding('none' as BufferEncoding)
    return { encoding: body.readableEncoding, text: await body.text() }
  }),
  row('more than the highWaterMark, which nobody reads', async (stage) => {
    const body = await begun(stage, { highWaterMark: 4 })
    const paused: boolean[] = []
    for (const text of ['ab', 'cd', 'ef']) {
      stage.puppet.data(text)
      await settled()
      paused.push(stage.puppet.paused)
    }
    const text = body.text()
    await settled()
    paused.push(stage.puppet.paused)
    stage.puppet.data('0123456789')
    await settled()
    paused.push(stage.puppet.paused)
    stage.puppet.end()
    return { text: await text, paused }
  }),
  row('a highWaterMark of 0', async (stage) => {
    const body = await begun(stage, { highWaterMark: 0 })
    const before = stage.puppet.paused
    stage.puppet.data('ab')
    await settled()
    const meanwhile = stage.puppet.paused
    const text = body.text()
    await settled()
    stage.puppet.end()
    return { before, meanwhile, text: await text }
  }),
  row('64 KB that nobody reads', async (stage) => {
    const body = await begun(stage)
    stage.puppet.data(Buffer.alloc(65_535))
    const before = stage.puppet.paused
    stage.puppet.data('x')
    const meanwhile = stage.puppet.paused
    stage.puppet.end()
    return { before, meanwhile, length: (await body.text()).length }
  }),
  row('bytes that have memory of their own', async (stage) => {
    const chunk = Buffer.from('hello')
    const body = await begun(stage)
    stage.puppet.handler?.onResponseData(stage.puppet, chunk)
    stage.puppet.end()
    const bytes = await body.bytes()
    bytes[0] = 0
    return chunk.toString()
  }),
]
