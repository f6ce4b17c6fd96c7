/** A body that was read as a whole, and is used again. */
import { PassThrough } from 'node:stream'
import {
  look,
  outcome,
  plain,
  shapes,
  url,
  watch,
  type Body,
  type Played,
  type PlayedRow,
} from '../row.ts'
import { settled } from '../puppet.ts'

const row = (name: string, play: PlayedRow['play']): PlayedRow => ({
  group: 'the whole body',
  name,
  play,
})

/** Text is asked for, then `play`. */
async function afterText(
  stage: Played,
  play: (body: Body) => unknown,
  chunks = ['hello'],
): Promise<unknown> {
  const pending = stage.request(url)
  stage.puppet.head()
  stage.puppet.data(...chunks)
  stage.puppet.end()
  const { body } = await pending
  const text = await body.text()
  await settled()
  const result = await outcome(() => play(body))
  return { text, result }
}

export const afterRows: PlayedRow[] = [
  ...shapes.map((shape) =>
    row(`${shape}() behind text()`, (stage) => afterText(stage, (body) => body[shape]())),
  ),
  row('text() behind text() of nothing', (stage) => afterText(stage, (body) => body.text(), [])),
  row('dump() behind text()', (stage) => afterText(stage, (body) => body.dump())),
  row('dump() behind text(), with a signal', (stage) =>
    afterText(stage, (body) => body.dump({ limit: 1, signal: new AbortController().signal })),
  ),
  row('read() behind text()', (stage) => afterText(stage, (body) => body.read() as unknown)),
  row('iteration behind text()', (stage) =>
    afterText(stage, async (body) => {
      const chunks: string[] = []
      for await (const chunk of body) chunks.push(String(chunk))
      return chunks
    }),
  ),
  row('resume() behind text()', (stage) => afterText(stage, (body) => look(body.resume()))),
  row('destroy() behind text()', (stage) =>
    afterText(stage, async (body) => {
      const log: unknown[] = []
      watch(body, ['error', 'close'], log)
      body.destroy(new Error('late'))
      await settled()
      return { log, body: look(body) }
    }),
  ),
  row('events behind text()', (stage) =>
    afterText(stage, async (body) => {
      const log: unknown[] = []
      watch(body, ['data', 'readable', 'end', 'error', 'close'], log)
      await settled()
      return { log, body: look(body) }
    }),
  ),
  row('the web stream behind text()', (stage) =>
    afterText(stage, async (body) => {
      const stream = body.body as unknown as ReadableStream
      const { locked } = stream
      return { locked, same: stream === (body.body as unknown) }
    }),
  ),
  row('setEncoding() behind text()', (stage) =>
    afterText(stage, (body) => look(body.setEncoding('hex'))),
  ),
  row('pipe() behind text()', (stage) =>
    afterText(stage, async (body) => {
      const target = body.pipe(new PassThrough())
      await settled()
      return { ended: target.writableEnded, read: plain(target.read()) }
    }),
  ),
]
