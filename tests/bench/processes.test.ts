import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { childrenOf, cpuMicrosOf } from '../../bench/support/processes.ts'

describe('the facts about other processes', () => {
  it('lists a process’s children', async () => {
    const child = spawn('sleep', ['60'])
    await once(child, 'spawn')
    expect(childrenOf(process.pid)).toContain(child.pid)
    child.kill()
  })

  it('counts CPU time', () => {
    const before = cpuMicrosOf([process.pid])
    const cpu = process.cpuUsage()
    while (process.cpuUsage(cpu).user < 100_000);
    expect(cpuMicrosOf([process.pid]) - before).toBeGreaterThan(50_000)
  })

  it('are missing where no process is named, or where it has ended', () => {
    expect(cpuMicrosOf([])).toBeNaN()
    expect(cpuMicrosOf([2 ** 30])).toBeNaN()
    expect(childrenOf(2 ** 30)).toEqual([])
  })
})
