/** `dodici get` as a process: what it writes, what it prints, and its exit codes. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../bulk/folder.ts'
import { serveObject, someBytes } from '../bulk/object-server.ts'
import { certificates } from '../support/certificates.ts'
import { useTls } from '../support/fixtures.ts'
import { useProxy } from '../support/proxying.ts'
import { until } from '../support/wait.ts'
import { linesOf, run, start } from './command.ts'
import { trickling } from './trickling.ts'

const data = someBytes(300_000)
const kSlow = 60_000

describe('dodici get', { timeout: kSlow }, () => {
  it('writes the object into a file of its name, in ranges', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const args = ['get', server.url, '--range-size', '64K', '-j', '3']
    const { code, stdout, stderr } = await run(args, { cwd: folder.path })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/^object: 300 kB in \d+\.\d s, [\d.]+ [kMG]?B?(bytes)?\/s\n$/)
    expect(folder.names()).toEqual(['object'])
    expect(readFileSync(folder.file('object')).equals(data)).toBe(true)
    expect(server.ranges[0]).toBe('bytes=0-65535')
    expect(server.ranges).toHaveLength(5)
  })

  it('writes several into a folder, and goes on after one that fails', async () => {
    await using server = await serveObject(data, ({ request, response, answer }) => {
      if (request.url === '/missing') response.writeHead(404).end()
      else answer()
    })
    using folder = newFolder()
    const base = server.url.replace('object', '')
    const urls = ['a', 'missing', 'b'].map((name) => `${base}${name}`)
    const ended = await run(['get', ...urls, '-o', folder.file('all'), '--quiet'])
    expect(ended).toMatchObject({ code: 1, stdout: '' })
    expect(ended.stderr).toBe(`dodici: ${base}missing: the server answered 404 Not Found\n`)
    for (const name of ['a', 'b']) {
      expect(readFileSync(folder.file(`all/${name}`)).equals(data)).toBe(true)
    }
  })

  it('sends the headers of -H, and credentials of the URL', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const url = server.url.replace('//', '//user:secret@')
    const args = ['get', url, '-o', folder.file('a'), '-H', 'X-One: 1', '--header', 'x-two:  2 ']
    const { code, stderr } = await run(args)
    expect(code).toBe(0)
    expect(stderr).not.toContain('secret')
    expect(server.requests[0]?.headers).toMatchObject({
      'x-one': '1',
      'x-two': '2',
      authorization: `Basic ${Buffer.from('user:secret').toString('base64')}`,
    })
  })

  it('checks a checksum, and leaves no file with another one', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const right = createHash('sha256').update(data).digest('hex')
    const wrong = '0'.repeat(64)
    const get = (checksum: string): ReturnType<typeof run> =>
      run(['get', server.url, '-o', folder.file('a'), '--checksum', checksum])
    expect(await get(`sha256:${wrong}`)).toMatchObject({
      code: 1,
      stderr: `dodici: ${server.url}: the object's checksum is ${right}, not ${wrong}\n`,
    })
    expect(folder.names()).toEqual([])
    expect(await get(`sha256:${right}`)).toMatchObject({ code: 0 })
    const { stderr } = await get('sha256')
    expect(stderr).toContain(`\na: checksum ${right}\n`)
  })

  it('uses a proxy, given or of the environment', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    const proxy = await useProxy()
    const args = ['get', server.url, '-o', folder.file('a')]
    expect(await run([...args, '--proxy', proxy.uri])).toMatchObject({ code: 0 })
    expect(proxy.seen).toHaveLength(1)
    const env = { http_proxy: proxy.uri }
    expect(await run(args, { env })).toMatchObject({ code: 0 })
    expect(proxy.seen).toHaveLength(2)
    expect(await run([...args, '--proxy', 'none'], { env })).toMatchObject({ code: 0 })
    expect(proxy.seen).toHaveLength(2)
  })

  it('speaks HTTP/2 if it is asked to, and the server can', async () => {
    const versions: string[] = []
    const server = await useTls({
      onRequest: (request, response) => {
        versions.push(request.httpVersion)
        response.end('words')
      },
    })
    using folder = newFolder()
    const env = { NODE_EXTRA_CA_CERTS: folder.file('ca.pem') }
    writeFileSync(env.NODE_EXTRA_CA_CERTS, certificates().ca)
    const args = ['get', server.origin, '-o', folder.file('a')]
    expect(await run(args, { env })).toMatchObject({ code: 0 })
    expect(await run([...args, '--http2'], { env })).toMatchObject({ code: 0 })
    expect(versions).toEqual(['1.1', '2.0'])
    const untrusting = await run([...args, '--retries', '0'])
    expect(untrusting.code).toBe(1)
    expect(untrusting.stderr).toMatch(/^dodici: .*certificate.*\n$/)
  })

  it('goes on when nobody reads what it says', async () => {
    const slow = trickling(data)
    await using server = await serveObject(data, slow.onRequest)
    using folder = newFolder()
    const child = start(['get', server.url, '-o', folder.file('a')])
    await until('it tells how far it is', () => child.stderr().includes('\n'))
    child.process.stderr?.destroy()
    await slow.after(2500)
    slow.finish()
    expect(await child.end()).toMatchObject({ code: 0 })
    expect(readFileSync(folder.file('a')).equals(data)).toBe(true)
  })

  it('says what failed, in one line: a refused connection', async () => {
    const port = await closedPort()
    using folder = newFolder()
    const url = `http://127.0.0.1:${port}/a`
    const args = ['get', `${url}?signature=x`, '-o', folder.file('a'), '--retries', '0']
    const line = `dodici: ${url}: connect ECONNREFUSED 127.0.0.1:${port}\n`
    expect(await run(args)).toMatchObject({ code: 1, stdout: '', stderr: line })
    const { stderr } = await run(args, { env: { DODICI_DEBUG: '1' } })
    expect(stderr).toContain(`${line}Error: connect ECONNREFUSED`)
    expect(folder.names()).toEqual([])
  })

  it('says what failed, in one line: a folder that is not there', async () => {
    await using server = await serveObject(data)
    using folder = newFolder()
    writeFileSync(folder.file('file'), '')
    const ended = await run(['get', server.url, '-o', folder.file('file/a')])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(
      /^dodici: http:\S+\/object: ENOTDIR: not a directory, open '.*'\n$/,
    )
    const several = await run(['get', server.url, `${server.url}2`, '-o', folder.file('file/a')])
    expect(several.code).toBe(1)
    expect(several.stderr).toMatch(/^dodici: ENOTDIR: .*\n$/)
  })
})

describe('dodici get --json', { timeout: kSlow }, () => {
  it('prints one object in each line', async () => {
    await using server = await serveObject(data, ({ request, response, answer }) => {
      if (request.url === '/missing') response.writeHead(404).end()
      else answer()
    })
    using folder = newFolder()
    const missing = server.url.replace('object', 'missing')
    const args = ['get', missing, server.url, '-o', folder.path, '--json', '--checksum', 'crc32c']
    const { code, stdout, stderr } = await run(args)
    expect(code).toBe(1)
    expect(stderr).toBe(`dodici: ${missing}: the server answered 404 Not Found\n`)
    expect(linesOf(stdout)).toEqual([
      {
        type: 'failed',
        url: missing,
        path: folder.file('missing'),
        code: 'UND_ERR_RESPONSE',
        statusCode: 404,
        message: 'the server answered 404 Not Found',
      },
      {
        type: 'done',
        url: server.url,
        path: folder.file('object'),
        size: data.length,
        resumed: 0,
        etag: server.object.etag,
        checksum: expect.stringMatching(/^[\da-f]{8}$/),
        ranges: 1,
        retries: 0,
        seconds: expect.any(Number),
      },
    ])
  })

  it('tells how far it is once a second', async () => {
    const slow = trickling(data)
    await using server = await serveObject(data, slow.onRequest)
    using folder = newFolder()
    const child = start(['get', server.url, '-o', folder.file('a'), '--json'])
    await until('it tells how far it is', () => child.stdout().includes('\n'))
    slow.finish()
    const { stdout, code } = await child.end()
    expect(code).toBe(0)
    const [first, ...others] = linesOf(stdout)
    expect(first).toMatchObject({ type: 'progress', url: server.url, total: data.length })
    expect(others.at(-1)).toMatchObject({ type: 'done', size: data.length })
  })

  it('is without progress if it is to be quiet', async () => {
    const slow = trickling(data)
    await using server = await serveObject(data, slow.onRequest)
    using folder = newFolder()
    const child = start(['get', server.url, '-o', folder.file('a'), '--json', '--quiet'])
    await slow.after(1500)
    slow.finish()
    const { stdout } = await child.end()
    expect(linesOf(stdout).map(({ type }) => type)).toEqual(['done'])
  })

  it('ends, and leaves no file, when nobody reads it any more', async () => {
    const slow = trickling(data)
    await using server = await serveObject(data, slow.onRequest)
    using folder = newFolder()
    const child = start(['get', server.url, '-o', folder.file('a'), '--json'])
    await until('it tells how far it is', () => child.stdout().includes('\n'))
    child.process.stdout?.destroy()
    const { code, stderr } = await child.end()
    expect(code).toBe(1)
    expect(stderr).toBe(`dodici: ${server.url}: write EPIPE\n`)
    expect(folder.names()).toEqual([])
  })
})

describe('wrong usage', { timeout: kSlow }, () => {
  it.each([
    [[], 'a command is missing'],
    [['get', 'http://a/', '-j', '0'], 'concurrency must be an integer from 1 to 1024'],
    [['get', 'http://a/', '-H', 'Na me: x'], 'invalid header key'],
    [['get', 'http://a/', '--http3'], '--http3 is not supported yet'],
    [['get', 'http://a/', '--proxy', '?'], '--proxy: Invalid URL'],
    [['get', 'http://a/x', 'http://b/x'], 'two URLs have the file name x'],
  ])('%j', async (args, message) => {
    using folder = newFolder()
    const ended = await run(args, { cwd: folder.path })
    const stderr = `dodici: ${message} (dodici --help shows the usage)\n`
    expect(ended).toEqual({ code: 2, signal: null, stdout: '', stderr })
    expect(folder.names()).toEqual([])
  })

  it('--help and --version print to stdout', async () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    const printed = { code: 0, signal: null, stderr: '' }
    expect(await run(['--version'])).toEqual({ ...printed, stdout: `${version}\n` })
    const help = await run(['get', '--help'])
    expect(help).toMatchObject(printed)
    expect(help.stdout).toMatch(/^Usage: dodici get URL… /)
    expect(help.stdout.split('\n').filter((line) => line.length > 120)).toEqual([])
  })
})

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
