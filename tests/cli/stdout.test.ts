/** `dodici get -o -`: the object goes to stdout, in order. */
import { spawn } from 'node:child_process'
import { buffer, text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { serveObject, someBytes } from '../bulk/object-server.ts'
import { until, within } from '../support/wait.ts'
import { kCommand } from './command.ts'
import { trickling } from './trickling.ts'

const data = someBytes(3_000_000)

function toStdout(url: string, ...more: string[]) {
  const args = ['--no-warnings', kCommand, 'get', url, '-o', '-', '--proxy', 'none', ...more]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, end: () => within('the command ends', closed) }
}

describe('-o -', { timeout: 60_000 }, () => {
  it('writes all bytes in order, and nothing else', async () => {
    await using server = await serveObject(data)
    const { child, end } = toStdout(server.url, '--range-size', '100K')
    const [bytes, words] = await Promise.all([buffer(child.stdout), text(child.stderr)])
    expect(await end()).toBe(0)
    expect(bytes.equals(data)).toBe(true)
    expect(words).toMatch(/^stdout: 3\.0 MB in /)
    expect(server.ranges.length).toBeGreaterThan(20)
  })

  it('ends with one line when its reader goes', async () => {
    await using server = await serveObject(data, trickling(data).onRequest)
    const { child, end } = toStdout(server.url, '--quiet')
    child.stdout.once('data', () => child.stdout.destroy())
    const words = await text(child.stderr)
    expect(await end()).toBe(1)
    expect(words).toBe(`dodici: ${server.url}: write EPIPE\n`)
    await until('its connections are closed', () => server.connections() === 0)
  })

  it('stops at Ctrl-C, and at an error', async () => {
    await using server = await serveObject(data, trickling(data).onRequest)
    const { child, end } = toStdout(server.url, '--quiet')
    child.stdout.once('data', () => child.kill('SIGINT'))
    const words = await text(child.stderr)
    expect(await end()).toBe(130)
    expect(words).toBe(`dodici: ${server.url}: the process got SIGINT\n`)
    await using empty = await serveObject(data, ({ response }) => response.writeHead(404).end())
    const failing = toStdout(empty.url)
    expect(await buffer(failing.child.stdout)).toHaveLength(0)
    expect(await failing.end()).toBe(1)
  })
})
