/** `dodici get` on a terminal, which script(1) makes: the bar, and Ctrl-C. */
import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../bulk/folder.ts'
import { serveObject, someBytes } from '../bulk/object-server.ts'
import { until, within } from '../support/wait.ts'
import { kCommand } from './command.ts'
import { trickling } from './trickling.ts'

const data = someBytes(3_000_000)

/** Runs the command on a terminal; `output()` is what stands there. */
function onTerminal(args: readonly string[]) {
  const words = [process.execPath, '--no-warnings', kCommand, ...args]
  const line = words.map((word) => `'${word}'`).join(' ')
  const env = { ...process.env, NODE_OPTIONS: '', TERM: 'xterm' }
  const child = spawn('script', ['-qefc', line, '/dev/null'], { env })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => resolve(code))
  })
  return {
    output: () => output,
    press: (key: string) => child.stdin.write(key),
    end: () => within('the terminal closes', ended),
  }
}

const kHideCursor = '\u001B[?25l'
const kShowCursor = '\u001B[?25h'

describe('on a terminal', { timeout: 60_000 }, () => {
  it('there is a bar, which a line replaces', async () => {
    const slow = trickling(data)
    await using server = await serveObject(data, slow.onRequest)
    using folder = newFolder()
    const args = ['get', server.url, '-o', folder.file('name')]
    const terminal = onTerminal(args)
    const bar = /name █*░+ [1-9]\d* %  \d+ kB of 3\.0 MB  [\d.]+ .?B\/s  \d+:\d\d left/
    await until('it draws a bar', () => bar.test(terminal.output()))
    slow.finish()
    expect(await terminal.end()).toBe(0)
    expect(terminal.output()).toMatch(/name: 3\.0 MB in \d+\.\d s, [\d.]+ .?B\/s\r\n$/)
    expect(folder.names()).toEqual(['name'])
  })

  it('Ctrl-C stops it in order, and the cursor is there again', async () => {
    await using server = await serveObject(data, trickling(data).onRequest)
    using folder = newFolder()
    const args = ['get', server.url, '-o', folder.file('name')]
    const terminal = onTerminal(args)
    await until('it draws a bar', () => / [1-9]\d* % /.test(terminal.output()))
    terminal.press('\u0003')
    expect(await terminal.end()).toBe(130)
    const output = terminal.output()
    expect(output).toContain(`dodici: ${server.url}: the process got SIGINT\r\n`)
    expect(output.lastIndexOf(kShowCursor)).toBeGreaterThan(output.lastIndexOf(kHideCursor))
    expect(folder.names()).toEqual([])
    await until('its connections are closed', () => server.connections() === 0)
  })
})
