// Decisions in scripts/ whose faults a build would not show at once.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const script = (name: string) => import(new URL(`../../scripts/${name}`, import.meta.url).href)
const { byPreference, compareVersions, isAccepted, readLibraries } =
  await script('bundled/versions.mjs')
const { closingLines, fromCtest, fromVitest } = await script('support/counts.mjs')
const { bin, inRoot } = await script('support/paths.mjs')
const { racesOf } = await script('support/sanitizer-reports.mjs')

describe('versions of the bundled libraries', () => {
  const library = { version: '8.22.0', accept: { from: '8.21.0', below: '9' } }

  it.each([
    ['8.9.0', '8.10.0', -1],
    ['3.5', '3.5.0', 0],
    ['10.0', '9.9.9', 1],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign)
  })

  it('accepts releases of the range, never a release candidate', () => {
    expect(
      ['8.20.0', '8.21.0', '8.23.0~rc3', '8.99.1', '9.0.0'].filter((version) =>
        isAccepted(library, version),
      ),
    ).toEqual(['8.21.0', '8.99.1'])
  })

  it('prefers the pinned version, then the nearest newer one, then the nearest older one', () => {
    const versions = ['8.20.0', '8.24.0', '8.21.0', '8.22.0', '8.23.0']
    expect(versions.toSorted(byPreference(library))).toEqual([
      '8.22.0',
      '8.23.0',
      '8.24.0',
      '8.21.0',
      '8.20.0',
    ])
  })

  it('pins each library within its own range, with the SHA-256 of that version', () => {
    for (const each of readLibraries()) {
      expect(isAccepted(each, each.version)).toBe(true)
      expect(each.sha256[each.version].join(' ')).toMatch(/^[0-9a-f]{64}(?: [0-9a-f]{64})*$/)
    }
  })
})

describe('the closing lines of npm test', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dodici-counts-')))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('count ctest’s cases, and name those that failed', () => {
    const report = file(
      'a.xml',
      '<testsuite name="x" tests="7" failures="1" disabled="1" skipped="2">' +
        '<testcase name="good" classname="good" time="0.1" status="run"/>' +
        '<testcase name="bad" classname="bad" time="0.1" status="fail"></testcase></testsuite>',
    )
    expect(closingLines(fromCtest(report, 8))).toBe('failed: bad\n3 passed, 1 failed, 3 skipped')
  })

  it('count vitest’s cases, and name all that failed, also outside of a case', () => {
    file(
      'cases.test.ts',
      `import { afterAll, describe, expect, it } from 'vitest'
      describe('a group', () => {
        afterAll(() => { throw new Error('of a hook') })
        it('is good', () => {})
        it.skip('is skipped', () => {})
        it('is bad', () => expect(1).toBe(2))
        it('leaves an error', async () => {
          setTimeout(() => { throw new Error('of nobody') })
          await new Promise((resolve) => setTimeout(resolve, 50))
        })
      })`,
    )
    file('missing.test.ts', `import './nowhere.ts'`)
    symlinkSync(inRoot('node_modules'), join(folder, 'node_modules'))
    const report = join(folder, 'counts.json')
    const reporter = inRoot('scripts/support/vitest-counts.mjs')
    const { status } = spawnSync(
      process.execPath,
      [bin('vitest'), 'run', '--root', folder, `--reporter=${reporter}`],
      { cwd: folder, env: { ...process.env, DODICI_TEST_COUNTS: report } },
    )
    const lines = closingLines(fromVitest(report, status), 'asan: ').split('\n')
    expect(lines.map((line: string) => line.replace(/ [^ ]*dodici-counts-[^/]*\//, ' '))).toEqual([
      'failed: asan: cases.test.ts: a group: Error: of a hook',
      expect.stringMatching('^failed: asan: cases.test.ts: a group > is bad: AssertionError: '),
      expect.stringMatching('^failed: asan: missing.test.ts: Error: Cannot find module'),
      expect.stringMatching('^failed: asan: nobody caught an error in cases.test.ts: .*of nobody$'),
      'asan: 2 passed, 4 failed, 1 skipped',
    ])
  })

  it('never let a run that left no report, or ran nothing, pass', () => {
    expect(fromCtest(join(folder, 'none.xml'), 0).failed).toBe(1)
    expect(fromVitest(join(folder, 'none.json'), 0).failed).toBe(1)
    expect(
      fromCtest(file('b.xml', '<testsuite tests="0" failures="0"></testsuite>'), 0).failed,
    ).toBe(1)
  })
})

describe('the reports of the thread sanitizer', () => {
  const race = (first: string, second: string, where = 'Location is heap block'): string =>
    [
      '==================\nWARNING: ThreadSanitizer: data race (pid=1)',
      `  Write of size 8 at 0x7b by thread T1:\n    #0 <null> <null> (${first}+0x1)\n    #1 <null> <null> (node+0x2)\n`,
      `  Previous read of size 8 at 0x7b by main thread:\n    #0 <null> <null> (${second}+0x3)\n`,
      `  ${where} of size 8 at 0x7b allocated by main thread:\n    #0 <null> <null> (dodici.node+0x4)\n`,
      '==================\n',
    ].join('\n')

  it.each([
    ['between the addon and itself', race('dodici.node', 'dodici.node'), 1],
    ['between the addon and Node', race('node', 'dodici.node'), 1],
    ['in a function of libc that the addon calls', race('libtsan.so', 'dodici.node'), 1],
    ['within Node, about memory of the addon', race('node', 'node'), 0],
    [
      'about a descriptor’s number',
      race('dodici.node', 'node', 'Location is file descriptor 4'),
      0,
    ],
  ])('%s', async (_name, text, count) => {
    expect(await racesOf('/nowhere/dodici.node', [`nothing\n${text}`])).toHaveLength(count)
  })
})
