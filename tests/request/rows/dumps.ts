/** A body that is discarded. */
import { begun, look, outcome, plain, watch, whole, type PlayedRow } from '../row.ts'
import { settled } from '../puppet.ts'

const row = (name: string, play: PlayedRow['play']): PlayedRow => ({
  group: 'a body for nobody',
  name,
  play,
})

export const dumpRows: PlayedRow[] = [
  row('dump() of one that has come', async (stage) => {
    const body = await whole(stage, 'hello')
    const result = await outcome(() => body.dump())
    await settled()
    return { result, body: { ...look(body), listeners: undefined, readableFlowing: undefined } }
  }),
  row('dump() of an empty one', async (stage) => {
    const body = await whole(stage)
    const result = await outcome(() => body.dump())
    await settled()
    return { result, used: body.bodyUsed, text: await outcome(() => body.text()) }
  }),
  row('dump() of one that comes later', async (stage) => {
    const body = await begun(stage)
    const result = outcome(() => body.dump())
    await settled()
    stage.puppet.data('x')
    await settled()
    stage.puppet.end()
    return { result: await result, aborted: stage.puppet.aborted }
  }),
  row('dump() of more than the limit', async (stage) => {
    const body = await begun(stage)
    const result = outcome(() => body.dump({ limit: 4 }))
    stage.puppet.data('hello')
    await settled()
    return { result: await result, aborted: stage.puppet.aborted, body: look(body) }
  }),
  row('dump() of more than the limit, which has come', async (stage) => {
    const body = await whole(stage, 'hello')
    const result = await outcome(() => body.dump({ limit: 4 }))
    return { result, aborted: stage.puppet.aborted, body: look(body) }
  }),
  row('dump() of what is announced as more than the limit', async (stage) => {
    const body = await begun(stage, {}, { 'content-length': '131073' })
    const result = await outcome(() => body.dump())
    return { result, aborted: stage.puppet.aborted, body: look(body) }
  }),
  row('dump() of a response to HEAD, whatever it announces', async (stage) => {
    const body = await begun(stage, { method: 'HEAD' }, { 'content-length': '131073' })
    stage.puppet.end()
    return { result: await outcome(() => body.dump()), aborted: stage.puppet.aborted }
  }),
  row('dump() of what announces a length that is none', async (stage) => {
    const body = await begun(stage, {}, { 'content-length': 'x' })
    stage.puppet.data('x')
    stage.puppet.end()
    return { result: await outcome(() => body.dump()), aborted: stage.puppet.aborted }
  }),
  ...[0, -1, Number.NaN, Infinity, '5', null].map((limit) =>
    row(`dump() with ${JSON.stringify(limit)} ${String(limit)} as limit`, async (stage) => {
      const body = await whole(stage, 'hello')
      const result = await outcome(() => body.dump({ limit: limit as number }))
      return { result, aborted: stage.puppet.aborted }
    }),
  ),
  ...(['x', 5, true, {}, { aborted: false }, null, 0] as unknown[]).map((signal) =>
    row(`dump() with ${JSON.stringify(signal)} as signal`, async (stage) => {
      const body = await whole(stage, 'hello')
      return outcome(() => body.dump({ limit: 9, signal: signal as AbortSignal }))
    }),
  ),
  row('dump() with a signal', async (stage) => {
    const body = await whole(stage, 'hello')
    const { signal } = new AbortController()
    return outcome(() => body.dump({ limit: 9, signal }))
  }),
  row('dump() with a signal that has aborted', async (stage) => {
    const body = await whole(stage, 'hello')
    const signal = AbortSignal.abort(new Error('why'))
    return outcome(() => body.dump({ limit: 9, signal }))
  }),
  row('dump() with a signal that aborts', async (stage) => {
    const body = await begun(stage)
    const controller = new AbortController()
    const result = outcome(() => body.dump({ limit: 9, signal: controller.signal }))
    stage.puppet.data('x')
    await settled()
    controller.abort(new Error('why'))
    return { result: await result, aborted: stage.puppet.aborted }
  }),
  row('dump() twice', async (stage) => {
    const body = await whole(stage, 'hello')
    return Promise.all([outcome(() => body.dump()), outcome(() => body.dump())])
  }),
  row('dump() behind dump()', async (stage) => {
    const body = await whole(stage, 'hello')
    await body.dump()
    return outcome(() => body.dump())
  }),
  row('text() behind dump()', async (stage) => {
    const body = await whole(stage, 'hello')
    await body.dump()
    await settled()
    return outcome(() => body.text())
  }),
  row('text() behind the call of dump()', async (stage) => {
    const body = await whole(stage, 'hello')
    const dumped = outcome(() => body.dump())
    const text = await outcome(() => body.text())
    return { text, dumped: await dumped }
  }),
  row('a listener for data behind the call of dump()', async (stage) => {
    const body = await whole(stage, 'hello')
    const log: unknown[] = []
    const dumped = outcome(() => body.dump())
    watch(body, ['data', 'end', 'close'], log)
    return { dumped: await dumped, log }
  }),
  row('dump() behind what was read', async (stage) => {
    const body = await whole(stage, 'hello')
    await settled()
    const first = plain(body.read(2))
    return { first, dumped: await outcome(() => body.dump()) }
  }),
  row('dump() of one that breaks off', async (stage) => {
    const body = await begun(stage)
    const dumped = outcome(() => body.dump())
    stage.puppet.data('x')
    await settled()
    stage.puppet.fail(new Error('lost'))
    return dumped
  }),
]
