import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Agent, interceptors, MockAgent, Pool } from '../../lib/index.ts'
import { download } from '../../lib/bulk.ts'

const url = 'http://127.0.0.1:1/object'

/** The error of a download with these options, and of nothing else: no server is there. */
function errorOf(options: object | null, at: unknown = url): Promise<unknown> {
  return download(
    at as string,
    (options === null ? null : { to: 'buffer', ...options }) as never,
  ).then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('an invalid option of download()', () => {
  it.each([
    [{ to: undefined }, 'to'],
    [{ to: '' }, 'to'],
    [{ to: 'a\0b' }, 'to'],
    [{ to: new URL('http://a/') }, 'to'],
    [{ to: 1 }, 'to'],
    [{ to: { write: () => {} } }, 'to'],
    [{ to: Readable.from([]) }, 'to'],
    [{ to: new Writable().destroy() }, 'to'],
    [{ to: new Writable(), resume: true }, 'resume'],
    [{ dispatcher: {} }, 'dispatcher'],
    [{ dispatcher: null }, 'dispatcher'],
    [{ signal: {} }, 'signal'],
    [{ headers: 'a' }, 'headers'],
    [{ headers: { a: 1 } }, 'headers'],
    [{ headers: [['a']] }, 'headers'],
    [{ headers: { Range: 'bytes=0-1' } }, 'Range'],
    [{ headers: { 'accept-encoding': 'gzip' } }, 'accept-encoding'],
    [{ headers: { 'a b': 'c' } }, 'header'],
    [{ headers: { a: 'b\r\nc: d' } }, 'a header'],
    [{ rangeSize: 0 }, 'rangeSize'],
    [{ rangeSize: 1.5 }, 'rangeSize'],
    [{ rangeSize: '1' }, 'rangeSize'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ concurrency: Infinity }, 'concurrency'],
    [{ retries: -1 }, 'retries'],
    [{ retryDelay: -1 }, 'retryDelay'],
    [{ maxRetryDelay: NaN }, 'maxRetryDelay'],
    [{ maxRedirects: -1 }, 'maxRedirects'],
    [{ ifChanged: 'ignore' }, 'ifChanged'],
    [{ checksum: 'sha256' }, 'checksum'],
    [{ checksum: { algorithm: 'sha1' } }, 'checksum.algorithm'],
    [{ checksum: { algorithm: 'toString' } }, 'checksum.algorithm'],
    [{ checksum: { algorithm: 'md5', value: 'zz' } }, 'checksum.value'],
    [{ sync: 1 }, 'sync'],
    [{ resume: 1 }, 'resume'],
    [{ resume: true }, 'resume'],
    [{ onProgress: true }, 'onProgress'],
  ])('%o is named', async (options, name) => {
    const error = await errorOf(options)
    expect(error).toMatchObject({ name: 'InvalidArgumentError', code: 'UND_ERR_INVALID_ARG' })
    expect((error as Error).message).toContain(name)
  })

  it('that is no object, or a URL that is none, is named too', async () => {
    expect(await errorOf(null)).toMatchObject({ name: 'InvalidArgumentError' })
    expect(await errorOf({}, 'ftp://a/')).toMatchObject({ name: 'InvalidArgumentError' })
    expect(await errorOf({}, 'nowhere')).toMatchObject({ code: 'ERR_INVALID_URL' })
  })
})

describe('a dispatcher', () => {
  it('that others look into is refused', async () => {
    await using agent = new Agent()
    const composed = agent.compose(interceptors.retry())
    await using custom = new Agent({ connect: () => {} })
    const mock = new MockAgent()
    for (const dispatcher of [composed, custom, mock]) {
      expect(await errorOf({ dispatcher })).toMatchObject({ name: 'NotSupportedError' })
    }
    await mock.close()
  })

  it('that is closed or for another origin is refused', async () => {
    const agent = new Agent()
    await agent.close()
    expect(await errorOf({ dispatcher: agent })).toMatchObject({ name: 'ClientDestroyedError' })
    await using pool = new Pool('http://127.0.0.1:2')
    expect(await errorOf({ dispatcher: pool })).toMatchObject({ name: 'InvalidArgumentError' })
  })
})

describe('no server', () => {
  it('is the error of a connection', async () => {
    expect(await errorOf({ retries: 0 })).toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
    })
  })
})
